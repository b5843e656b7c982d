import { join } from "node:path";
import { readText, statRegularFile } from "../host/files.js";
import type { CheckResult } from "../failure/check-result.js";
import { ok, type Result } from "../failure/result.js";
import { readState, type RefusedRecord, type VaultState, withPullCompleted } from "../vault/vault-state.js";
import { vaultFileName } from "../vault/store.js";
import { fileHash, type HashStore } from "../host/file-hash.js";
import { projectState, writeState } from "../host/project-state.js";
import type { Failure } from "../failure/failure.js";
import { type Descent, descent } from "../vault/lineage.js";
import { rollbackFailure, vanishedFailure } from "./last-synced.js";
import { maxParents, type Remote, type RemoteObject, type Staleness } from "./remote-types.js";

/** The sealed vault of this host and its recorded state. */
export interface LocalVault {
  readonly path: string;
  /** SHA-256 of the file, hex; undefined when there is none. */
  readonly sha256?: string;
  /** Size in bytes; 0 when there is none. */
  readonly bytes: number;
  readonly state: VaultState;
}

interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Another name of the vault's file that stays the same while it is read. */
  readonly bytesFrom?: string;
  /** Where its hash may be known; not for work that replaces the vault. */
  readonly store?: HashStore;
}

/** Reads the local vault and its state. */
export async function readLocal(
  folder: string,
  { signal, bytesFrom, store }: ReadOptions = {},
): Promise<Result<LocalVault>> {
  const path = join(folder, vaultFileName);
  const read = await readState(folder);
  if (!read.ok) return read;
  const { state } = read.value;
  const found = await statRegularFile(bytesFrom ?? path);
  if (!found.ok) return found;
  if (found.value === undefined) return ok({ path, bytes: 0, state });
  const sha256 = await fileHash(bytesFrom ?? path, signal, "sha256", store);
  if (!sha256.ok) return sha256;
  return ok({
    path,
    bytes: found.value.bytes,
    state: withPullCompleted(state, sha256.value),
    sha256: sha256.value,
  });
}

/** Returns where this host keeps the hash of a project's vault, so that checks need not read a large one each time. */
export function hashStore(folder: string): Required<HashStore> {
  const name = "vault-hash";
  return {
    async read() {
      const text = await readText(join(projectState(folder), name));
      return text.ok ? text.value : undefined;
    },
    write: (line) => writeState(folder, name, line),
  };
}

/** Returns whether the local vault is the one last pushed to this remote or pulled from it. */
export function isPushed({ state, sha256 }: LocalVault, remoteUrl: string): boolean {
  return state.pushed !== undefined && state.pushed.remote === remoteUrl && state.pushed.sha256 === sha256;
}

/** Why what needs a remote cannot be done with `remote: none`. */
export const noRemoteReason = "this project has no remote";

/** The fact `pushed`: whether the local vault needs no push. Uses no network. */
export async function checkPushed(folder: string, remoteUrl: string): Promise<CheckResult> {
  if (remoteUrl === "none") return { state: "true", reason: noRemoteReason };
  const local = await readLocal(folder, { store: hashStore(folder) });
  if (!local.ok) return { state: "unknown", reason: "the local vault cannot be read" };
  if (local.value.sha256 === undefined) return { state: "true", reason: "there is no local vault to push" };
  if (isPushed(local.value, remoteUrl)) return { state: "true", reason: `${remoteUrl} has the local vault` };
  const before = local.value.state.pushed?.remote === remoteUrl;
  return {
    state: "false",
    reason: before
      ? `the local vault changed since it was last pushed to or pulled from ${remoteUrl}`
      : `the local vault was never pushed to ${remoteUrl}`,
    hint: "Run `tazpod push`; the end of the next enter pushes it too.",
  };
}

/**
 * Tells whether the remote's vault descends from the local one, by the metadata: from this very file, or, if nothing
 * here is unpushed, from what was last synced. One that was opened and found not to descend stays so.
 */
export function descentFromLocal(object: RemoteObject, local: LocalVault, remoteUrl: string): Descent {
  const { sha256, state } = local;
  if (sha256 === undefined) return "unknown";
  if (isRefused(object, state, remoteUrl, "diverged")) return "no";
  const synced = isPushed(local, remoteUrl) ? state.pushed?.sha256 : undefined;
  return descent(object.parents, maxParents, synced === undefined ? [sha256] : [sha256, synced]);
}

/** Compares with the remote, with one HEAD request. */
export async function checkStaleness(
  remote: Remote,
  folder: string,
  signal?: AbortSignal,
): Promise<Staleness> {
  const found = await remote.head(signal);
  if (found.state === "unknown") return found;
  // read after the answer, since another push from here may have been running
  const local = await readLocal(folder, { signal, store: hashStore(folder) });
  if (!local.ok) return { state: "unknown", failure: local.failure };
  const { state, sha256 } = local.value;
  const vanished = vanishedFailure(found, state.pushed, remote.url);
  if (vanished !== undefined) return { state: "unknown", failure: vanished };
  if (found.state === "absent") return { state: "current" };
  const { object } = found;
  const seen = state.pushed?.remote === remote.url && state.pushed.etag === object.etag;
  const ours = (state.pending ?? []).some(
    (pending) => pending.remote === remote.url && pending.writeId === object.writeId,
  );
  if (seen || ours || (sha256 !== undefined && object.sha256 === sha256)) return { state: "current" };
  const alarm = rollbackFailure(object, state, remote.url);
  if (alarm !== undefined) return { state: "unknown", failure: alarm };
  return compare(object, local.value, remote.url);
}

function compare(object: RemoteObject, local: LocalVault, url: string): Staleness {
  const unpushed = !isPushed(local, url);
  if (isRefused(object, local.state, url, "damaged"))
    return { state: "unknown", failure: refusedBefore(url) };
  const descends = descentFromLocal(object, local, url);
  const isNewer = descends === "yes" || (descends === "unknown" && !unpushed);
  return { state: isNewer ? "newer" : "diverged", object, unpushed };
}

function isRefused(
  { etag }: RemoteObject,
  { refused }: VaultState,
  url: string,
  why: RefusedRecord["why"],
): boolean {
  return refused?.remote === url && refused.etag === etag && refused.why === why;
}

function refusedBefore(url: string): Failure {
  return {
    kind: "vault-damaged",
    path: url,
    detail: "it was pulled before, did not open, and is still the same",
    isRemote: true,
  };
}
