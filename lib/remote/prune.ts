import { type Result, take } from "../failure/result.js";
import { parseHistoryName } from "./history-name.js";
import { expired } from "./retention.js";
import type { HistoryCopy, Remote } from "./types.js";

/** The copies of before, on their way; undefined where none is ever removed. */
export type EarlierCopies = Promise<Result<readonly HistoryCopy[]>> | undefined;

/**
 * Asks for the copies that are there before a new one comes: nobody has to wait for the answer until then. What others
 * add meanwhile is not among them, so that less is removed, never more.
 */
export function listEarlierCopies(
  remote: Remote,
  retention: number | undefined,
  signal: AbortSignal | undefined,
): EarlierCopies {
  return retention === undefined || retention < 1 ? undefined : remote.history.list(signal);
}

/**
 * Removes the copies, by their names, that are not of the newest writes; what was just kept stays, whatever a clock has
 * made of its name. Throws `Failed` with those of the remote.
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
