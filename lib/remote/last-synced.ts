import { now } from "../host/clock.js";
import type { Result } from "../failure/result.js";
import { changeState, type PushedRecord, type VaultState, withPushed } from "../vault/vault-state.js";
import type { RemoteObject } from "./remote-types.js";
import type { FailureOf } from "../failure/failure.js";

/** A placeholder hash that no file has. */
const unknownHash = "0".repeat(64);

/**
 * Records the remote's object as last synced: a push replaces exactly that, or is a conflict. `sha256` is the hash
 * (hex) of downloaded bytes. The highest generation ever seen is kept, since the next push must exceed it.
 */
export function recordSynced(
  folder: string,
  remote: string,
  object: RemoteObject,
  sha256 = object.sha256,
): Promise<Result<void>> {
  return changeState(folder, (state) => withPushed(state, record(state, remote, object, sha256)));
}

/** Records a pull in progress; it counts once the local vault was replaced. */
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
    writeId,
    host,
    ...(highest === 0 ? {} : { generation: highest }),
  };
}

/** Describes who changed the remote since the last sync, and when. */
export function remoteChanged({ host, modified }: RemoteObject, url: string): string {
  const who = host === undefined ? "Another program" : `The host ${host}`;
  const when = `${modified.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return `${who} changed ${url} on ${when}, after this host last synced`;
}

/**
 * Returns a failure when the remote has an older vault than this host has seen there, by the generations in the
 * metadata. This detects accidents (a restored old copy, a stale server), not attacks: the metadata is not sealed.
 * Undefined without a generation.
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
