import type { TempFile } from "../host/temp-file.js";
import { ok, type Result } from "../result.js";
import type { PushedRecord } from "../vault/state.js";
import { fetchCopy } from "./copies.js";
import { historyMark } from "./history-name.js";
import type { Remote } from "./types.js";

/**
 * The vault that this host and the remote last had in common, out of the remote's history, in a temporary file of
 * `folder`. Whoever replaced it there has kept it first, so that it is missing only where retention has removed it, or
 * where something else than tazpod wrote: then it is undefined. Failures: those of the remote and of the file.
 */
export async function fetchAncestor(
  remote: Remote,
  folder: string,
  pushed: PushedRecord | undefined,
  signal: AbortSignal,
): Promise<Result<TempFile | undefined>> {
  if (pushed?.remote !== remote.url) return ok(undefined);
  const copies = await remote.history.list(signal);
  if (!copies.ok) return copies;
  const mark = historyMark(pushed);
  const candidates = copies.value.filter((copy) => copy.name === pushed.history || copy.mark === mark);
  for (const { name } of candidates) {
    const fetched = await fetchCopy(remote, name, folder, signal);
    if (fetched.ok && fetched.value.sha256 === pushed.sha256) return ok(fetched.value.temp);
    if (fetched.ok) await fetched.value.temp.discard();
    else if (!["remote-absent", "vault-damaged"].includes(fetched.failure.kind)) return fetched;
  }
  return ok(undefined);
}
