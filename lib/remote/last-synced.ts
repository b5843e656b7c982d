import { utc } from "../failure/utc.js";
import { now } from "../host/clock.js";
import type { Result } from "../failure/result.js";
import { changeState, type PushedRecord, type VaultState, withPushed } from "../vault/vault-state.js";
import type { Presence, RemoteObject } from "./remote-types.js";
import { type Descent, maxLineage, shortName } from "../vault/lineage.js";
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

/**
 * Records a pull in progress; it counts once the local vault was replaced. `replaced` is the file name of the replaced
 * vault's copy; a vault that was pulled before and not opened yet keeps its predecessor's.
 */
export function recordPullStarted(
  folder: string,
  remote: string,
  object: RemoteObject,
  { sha256, replaced, isUnopened, descends, isDropped }: PullStart,
): Promise<Result<void>> {
  return changeState(folder, (state) => {
    const { pushed, lineage, arrival } = state;
    const isShown = descends === "yes";
    const inherited =
      isUnopened && arrival ? { ...arrival, sha256, descends: arrival.descends && isShown } : undefined;
    return {
      ...state,
      arriving: record(state, remote, object, sha256),
      // what --force drops may be of a higher generation than what comes, and is no ancestor of it
      newest: isDropped ? undefined : state.newest,
      lineage: descends === "no" ? [] : lineage,
      arrival:
        replaced === undefined
          ? inherited
          : { sha256, replaced, before: { pushed, lineage }, descends: isShown },
    };
  });
}

/** The vault that a pull is about to put in place. */
interface PullStart {
  /** SHA-256 of the new file, hex. */
  readonly sha256: string;
  readonly replaced: string | undefined;
  /** Whether the replaced one was pulled, too, and never opened here. */
  readonly isUnopened: boolean;
  /** Whether it descends from the replaced one, by the metadata. */
  readonly descends: Descent;
  /** Whether the replaced one, or changes in it, are given up. */
  readonly isDropped: boolean;
}

function record(
  { pushed }: VaultState,
  remote: string,
  { etag, writeId, host, parents, generation = 0 }: RemoteObject,
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
    parents,
    ...(highest === 0 ? {} : { generation: highest }),
  };
}

/** Returns the failure when the remote has no vault although this host has synced one with it. */
export function vanishedFailure(
  found: Presence,
  pushed: PushedRecord | undefined,
  url: string,
): FailureOf<"remote-vanished"> | undefined {
  if (found.state !== "absent" || pushed?.remote !== url) return undefined;
  return { kind: "remote-vanished", url, since: pushed.at };
}

/** Describes who changed the remote since the last sync, if there was one, and when. */
export function remoteChanged(
  { host, modified }: RemoteObject,
  url: string,
  pushed: PushedRecord | undefined,
): string {
  const who = host === undefined ? "Another program" : `The host ${host}`;
  const when = utc(modified);
  return pushed?.remote === url
    ? `${who} changed ${url} on ${when}, after this host last synced`
    : `${who} wrote ${url} on ${when}, and this host has never synced with it`;
}

/**
 * Returns a failure when the remote has an older vault than this host has seen there, by the generations in the
 * metadata. This detects accidents (a restored old copy, a stale server), not attacks: the metadata is not sealed.
 * Undefined without a generation, and for a vault that is no ancestor of ours: that one has diverged.
 */
export function rollbackFailure(
  object: RemoteObject,
  { pushed, lineage }: VaultState,
  url: string,
): FailureOf<"remote-rollback"> | undefined {
  if (isStranger(object, lineage)) return undefined;
  if (pushed?.remote !== url || pushed.etag === object.etag) return undefined;
  const { generation: seen } = pushed;
  const { generation: found, host, modified } = object;
  if (seen === undefined || found === undefined || found >= seen) return undefined;
  const who = host === undefined ? {} : { host };
  return { kind: "remote-rollback", url, seen, found, modified: modified.toISOString(), ...who };
}

function isStranger({ sha256, parents }: RemoteObject, lineage: readonly string[] = []): boolean {
  return (
    sha256 !== undefined &&
    parents !== undefined &&
    lineage.length > 0 &&
    lineage.length < maxLineage &&
    !lineage.includes(shortName(sha256))
  );
}
