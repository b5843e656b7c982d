import { now } from "../host/clock.js";
import type { Result } from "../result.js";
import { changeState, type PushedRecord, withPushed } from "../vault/state.js";
import type { RemoteObject } from "./types.js";

/** That of no file. */
const unknownHash = "0".repeat(64);

/**
 * Notes what the remote holds as seen by this host: a push replaces exactly that, or is a conflict. `sha256` is that of
 * its bytes (hex) where they came here. The highest generation that was ever seen there stays noted: the next push goes
 * beyond it.
 */
export function noteSeen(
  folder: string,
  remote: string,
  object: RemoteObject,
  sha256 = object.sha256,
): Promise<Result<void>> {
  const { etag, writeId, generation = 0 } = object;
  return changeState(folder, (before) => {
    const known = before.pushed?.remote === remote ? before.pushed : undefined;
    const highest = Math.max(generation, known?.generation ?? 0);
    const same: Partial<PushedRecord> = known?.etag === etag ? known : {};
    return withPushed(before, {
      ...same,
      remote,
      sha256: sha256 ?? same.sha256 ?? unknownHash,
      etag,
      at: now().toISOString(),
      ...(writeId === undefined ? {} : { writeId }),
      ...(highest === 0 ? {} : { generation: highest }),
    });
  });
}
