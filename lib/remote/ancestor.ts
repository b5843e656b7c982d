import type { TempFile } from "../host/temp-file.js";
import { ok, type Result } from "../failure/result.js";
import type { VaultState } from "../vault/vault-state.js";
import { fetchCopy } from "./copies.js";
import { historyMark } from "./history-name.js";
import type { HistoryCopy, Remote } from "./remote-types.js";

/** A version that this host and the remote had in common. */
interface CommonVersion {
  readonly sha256: string;
  readonly isCopy: (copy: HistoryCopy) => boolean;
}

/**
 * Fetches the last vault that this host and the remote had in common from the remote's history, into a temporary file
 * of `folder`. tazpod keeps each version before replacing it, so it is missing (undefined) only after pruning or a
 * write by another program. Failures: those of the remote and of the file.
 */
export async function fetchAncestor(
  remote: Remote,
  folder: string,
  state: VaultState,
  signal: AbortSignal,
): Promise<Result<TempFile | undefined>> {
  const common = commonVersions(state, remote.url);
  if (common.length === 0) return ok(undefined);
  const copies = await remote.history.list(signal);
  if (!copies.ok) return copies;
  const candidates = common.flatMap(({ sha256, isCopy }) =>
    copies.value.filter(isCopy).map(({ name }) => ({ name, sha256 })),
  );
  for (const { name, sha256 } of candidates) {
    const fetched = await fetchCopy(remote, name, folder, signal);
    if (fetched.ok && fetched.value.sha256 === sha256) return ok(fetched.value.temp);
    if (fetched.ok) await fetched.value.temp.discard();
    else if (!["remote-absent", "vault-damaged"].includes(fetched.failure.kind)) return fetched;
  }
  return ok(undefined);
}

/** Returns the common versions, latest first. A push whose answer was lost counts if the history has a copy of it. */
function commonVersions({ pushed, pending = [] }: VaultState, url: string): readonly CommonVersion[] {
  const unconfirmed = pending.filter(({ remote }) => remote === url).toReversed();
  const marked = (write: Parameters<typeof historyMark>[0]): CommonVersion["isCopy"] => {
    const mark = historyMark(write);
    return (copy) => copy.mark === mark;
  };
  const common = unconfirmed.map(({ sha256, writeId }) => ({
    sha256,
    isCopy: marked({ writeId, etag: "" }),
  }));
  if (pushed?.remote !== url) return common;
  const isMarked = marked(pushed);
  const isCopy = (copy: HistoryCopy): boolean => copy.name === pushed.history || isMarked(copy);
  return [...common, { sha256: pushed.sha256, isCopy }];
}
