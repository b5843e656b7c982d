import type { TempFile } from "../host/temp-file.js";
import { ok, type Result } from "../failure/result.js";
import type { VaultState } from "../vault/vault-state.js";
import { fetchCopy } from "./copies.js";
import { historyMark } from "./history-name.js";
import { descent, shortName } from "../vault/lineage.js";
import { type HistoryCopy, maxParents, type Remote } from "./remote-types.js";

/** How many copies of the history are looked at, one request each. */
const maxLooks = 60;

/** What to compare. */
interface AncestorRequest {
  readonly state: VaultState;
  /** The lineage of the remote's vault, where the metadata has it. */
  readonly theirs: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

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
  { state, theirs, signal }: AncestorRequest,
): Promise<Result<TempFile | undefined>> {
  const common = commonVersions(state, remote.url);
  if (common.length === 0) return ok(undefined);
  const copies = await remote.history.list(signal);
  if (!copies.ok) return copies;
  const isSynced = common.some(({ sha256 }) => descent(theirs, maxParents, [sha256]) !== "no");
  const candidates = isSynced
    ? common.flatMap(({ sha256, isCopy }) =>
        copies.value.filter(isCopy).map(({ name }) => ({ name, sha256 })),
      )
    : await sharedCopies(remote, copies.value, { state, theirs, signal });
  for (const { name, sha256 } of candidates) {
    const fetched = await fetchCopy(remote, name, folder, signal);
    if (fetched.ok && fetched.value.sha256 === sha256) return ok(fetched.value.temp);
    if (fetched.ok) await fetched.value.temp.discard();
    else if (!["remote-absent", "vault-damaged"].includes(fetched.failure.kind)) return fetched;
  }
  return ok(undefined);
}

/**
 * Returns copies of versions that both vaults descend from, latest first. For vaults that diverged before the last
 * sync, as when a sync program replaces what this host has pushed.
 */
async function sharedCopies(
  remote: Remote,
  copies: readonly HistoryCopy[],
  { state, theirs = [], signal }: AncestorRequest,
): Promise<readonly { readonly name: string; readonly sha256: string }[]> {
  const ours = new Set(state.lineage);
  const shared = theirs.filter((name) => ours.has(name));
  if (shared.length === 0) return [];
  const found: { name: string; sha256: string; age: number }[] = [];
  for (const { name } of copies.slice(0, maxLooks)) {
    const copy = await remote.history.head(name, signal);
    if (copy.state !== "present" || copy.object.sha256 === undefined) continue;
    const { sha256 } = copy.object;
    const age = shared.indexOf(shortName(sha256));
    if (age >= 0) found.push({ name, sha256, age });
  }
  return found.toSorted((a, b) => a.age - b.age);
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
