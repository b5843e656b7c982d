import { now } from "../host/clock.js";
import type { Result } from "../failure/result.js";
import { changeState, type PushedRecord, type VaultState, withPushed } from "../vault/vault-state.js";
import type { RemoteObject } from "./remote-types.js";
import type { FailureOf } from "../failure/failure.js";

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

/** Who wrote what this host has not seen, and when. */
export function remoteChanged({ host, modified }: RemoteObject, url: string): string {
  const who = host === undefined ? "Somebody" : `The host ${host}`;
  const when = `${modified.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return `${who} wrote ${url} on ${when}, and this host has not seen that`;
}

/**
 * Whether the remote holds an older vault than this host has seen there, by the generations that its writers noted
 * beside it. That is against accidents (an old copy put back, a server that serves one); a note is not sealed, so who
 * can write there can write any. Without a generation nothing is known.
 */
export function rollbackFailure(
  object: RemoteObject,
  pushed: PushedRecord | undefined,
  url: string,
): FailureOf<"remote-rollback"> | undefined {
  if (pushed?.remote !== url || pushed.etag === object.etag) return undefined;
  const { generation: seen } = pushed;
  const { generation: found, host, modified } = object;
  if (seen === undefined || found === undefined || found >= seen) return undefined;
  const who = host === undefined ? {} : { host };
  return { kind: "remote-rollback", url, seen, found, modified: modified.toISOString(), ...who };
}
