import { fail, ok, type Result } from "../failure/result.js";
import { readState } from "../vault/state.js";
import { historyMark } from "./history-name.js";
import { remoteChanged } from "./moved-on.js";
import type { Remote } from "./types.js";

export interface PurgeRequest {
  readonly remote: Remote;
  /** .tazpod/vault, absolute. */
  readonly folder: string;
  readonly signal?: AbortSignal;
}

export interface Purged {
  /** How many copies went, and how many stay. */
  readonly removed: number;
  readonly left: number;
}

/**
 * Removes every copy in the history but those of the vault that is at the remote now. That one has to be what this host
 * last saw there: else a host that is behind would take the newest copy for an old one.
 *
 * Failures: `conflict`, `file`, `interrupted`, and those of the remote.
 */
export async function purge({ remote, folder, signal }: PurgeRequest): Promise<Result<Purged>> {
  const state = await readState(folder);
  if (!state.ok) return state;
  const { pushed } = state.value.state;
  const found = await remote.head(signal);
  if (found.state === "unknown") return fail(found.failure);
  if (found.state === "absent") return fail({ kind: "remote-absent", url: remote.url });
  const { object } = found;
  if (pushed?.remote !== remote.url || pushed.etag !== object.etag)
    return fail({
      kind: "conflict",
      message: `${remoteChanged(object, remote.url)}; no copy was removed`,
      hint: "`tazpod pull` first.",
    });
  const copies = await remote.history.list(signal);
  if (!copies.ok) return copies;
  const mark = historyMark(object);
  const old = copies.value.filter((copy) => copy.mark !== mark && copy.name !== pushed.history);
  const removed = await remote.history.remove(
    old.map(({ name }) => name),
    signal,
  );
  return removed.ok ? ok({ removed: old.length, left: copies.value.length - old.length }) : removed;
}
