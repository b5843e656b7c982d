import { now } from "../host/clock.js";
import type { Result } from "../failure/result.js";
import { changeState, type PushedRecord, type VaultState, withPushed } from "../vault/state.js";
import type { RemoteObject } from "./types.js";

/** That of no file. */
const unknownHash = "0".repeat(64);

/**
 * Notes what the remote holds as seen by this host: a push replaces exactly that, or is a conflict. `sha256` is that of
 * its bytes (hex) where they came here. The highest generation that was ever seen there stays noted: the next push goes
 * beyond it.
 */
export function recordSynced(
  folder: string,
  remote: string,
  object: RemoteObject,
  sha256 = object.sha256,
): Promise<Result<void>> {
  return changeState(folder, (state) => withPushed(state, record(state, remote, object, sha256)));
}

/** The same, of a vault that is about to get the local one's name; it counts from when it has that. */
export function recordPullStarted(
  folder: string,
  remote: string,
  object: RemoteObject,
  sha256: string,
): Promise<Result<void>> {
  return changeState(folder, (state) => ({ ...state, arriving: record(state, remote, object, sha256) }));
}

function record(
  { pushed }: VaultState,
  remote: string,
  { etag, writeId, host, generation = 0 }: RemoteObject,
  sha256: string | undefined,
): PushedRecord {
  const known = pushed?.remote === remote ? pushed : undefined;
  const highest = Math.max(generation, known?.generation ?? 0);
  const same: Partial<PushedRecord> = known?.etag === etag ? known : {};
  return {
    ...same,
    remote,
    sha256: sha256 ?? same.sha256 ?? unknownHash,
    etag,
    at: now().toISOString(),
    ...(writeId === undefined ? {} : { writeId }),
    ...(host === undefined ? {} : { host }),
    ...(highest === 0 ? {} : { generation: highest }),
  };
}
