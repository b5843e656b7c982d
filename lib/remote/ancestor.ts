import { createTemp, type TempFile } from "../host/temp-file.js";
import { fail, ok, type Result } from "../result.js";
import type { PushedRecord } from "../vault/state.js";
import { vaultFileName } from "../vault/store.js";
import { fetchVault } from "./fetch.js";
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
    const temp = await createTemp(folder, vaultFileName);
    if (!temp.ok) return temp;
    const fetched = await fetchVault((request) => remote.history.download(name, request), temp.value, {
      name,
      signal,
    });
    if (fetched.ok && fetched.value.sha256 === pushed.sha256) return ok(temp.value);
    await temp.value.discard();
    if (!fetched.ok && !["remote-absent", "vault-damaged"].includes(fetched.failure.kind))
      return fail(fetched.failure);
  }
  return ok(undefined);
}
