import { type Result, take, fail, ok } from "../failure/result.js";
import { parseHistoryName, newestFirst, historyMark } from "./history-name.js";
import type { HistoryCopy, Remote } from "./remote-types.js";
import { readState } from "../vault/vault-state.js";
import { remoteChanged } from "./last-synced.js";

/** The earlier copies, still loading; undefined when none is ever removed. */
export type EarlierCopies = Promise<Result<readonly HistoryCopy[]>> | undefined;

/**
 * Starts listing the copies before a new one is added, to save waiting later. Copies that others add after that are not
 * listed, so fewer are removed, never more.
 */
export function listEarlierCopies(
  remote: Remote,
  retention: number | undefined,
  signal: AbortSignal | undefined,
): EarlierCopies {
  return retention === undefined || retention < 1 ? undefined : remote.history.list(signal);
}

/**
 * Removes all copies but those of the newest writes; the one just kept stays, even if its time is wrong. Throws
 * `Failed` with those of the remote.
 */
export async function prune(
  remote: Remote,
  kept: string,
  before: readonly HistoryCopy[],
  { retention, signal }: { readonly retention?: number; readonly signal?: AbortSignal },
): Promise<void> {
  const others = before.filter(({ name }) => name !== kept);
  const own = parseHistoryName(kept, 0);
  const old = expired(own === undefined ? others : [own, ...others], retention);
  take(
    await remote.history.remove(
      old.filter((name) => name !== kept),
      signal,
    ),
  );
}

/**
 * Returns the names of the copies that do not belong to the newest `keep` writes. Copies of one write count once.
 * Anything but a whole number above 0 keeps everything.
 */
export function expired(copies: readonly HistoryCopy[], keep: number | undefined): readonly string[] {
  if (keep === undefined || !Number.isSafeInteger(keep) || keep < 1) return [];
  const writes = new Set<string>();
  const old: string[] = [];
  for (const { name, at, generation, mark } of newestFirst(copies)) {
    const write = `${at.getTime()} ${generation ?? ""} ${mark ?? ""}`;
    if (writes.size < keep) writes.add(write);
    if (!writes.has(write)) old.push(name);
  }
  return old;
}

/** Which history to purge. */
export interface PurgeRequest {
  readonly remote: Remote;
  /** .tazpod/vault, absolute. */
  readonly folder: string;
  readonly signal?: AbortSignal;
}

/** The result of a purge. */
export interface Purged {
  /** How many copies were removed, and how many remain. */
  readonly removed: number;
  readonly left: number;
}

/**
 * Removes every copy in the history except those of the remote's current vault. This host must have synced that last:
 * otherwise an outdated host would take the newest copy for an old one.
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
      message: `${remoteChanged(object, remote.url, pushed)}; no copy was removed`,
      hint: "Run `tazpod pull` first.",
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
