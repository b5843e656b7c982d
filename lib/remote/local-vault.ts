import { join } from "node:path";
import { statRegularFile } from "../host/files.js";
import type { CheckResult } from "../failure/check-result.js";
import { ok, type Result } from "../failure/result.js";
import { readState, type VaultState, withPullCompleted } from "../vault/vault-state.js";
import { vaultFileName } from "../vault/store.js";
import { fileHash } from "../host/file-hash.js";
import type { Failure } from "../failure/failure.js";
import { rollbackFailure } from "./last-synced.js";
import type { Remote, RemoteObject } from "./remote-types.js";

/** The sealed vault of this host and its recorded state. */
export interface LocalVault {
  readonly path: string;
  /** SHA-256 of the file, hex; undefined when there is none. */
  readonly sha256?: string;
  /** Size in bytes; 0 when there is none. */
  readonly bytes: number;
  readonly state: VaultState;
}

/**
 * Reads the local vault and its state. `bytesFrom` is another name of the vault's file that stays the same while it is
 * read.
 */
export async function readLocal(
  folder: string,
  signal?: AbortSignal,
  bytesFrom?: string,
): Promise<Result<LocalVault>> {
  const path = join(folder, vaultFileName);
  const read = await readState(folder);
  if (!read.ok) return read;
  const { state } = read.value;
  const found = await statRegularFile(bytesFrom ?? path);
  if (!found.ok) return found;
  if (found.value === undefined) return ok({ path, bytes: 0, state });
  const sha256 = await fileHash(bytesFrom ?? path, signal);
  if (!sha256.ok) return sha256;
  return ok({
    path,
    bytes: found.value.bytes,
    state: withPullCompleted(state, sha256.value),
    sha256: sha256.value,
  });
}

/** Returns whether the local vault is the one last pushed to this remote or pulled from it. */
export function isPushed({ state, sha256 }: LocalVault, remoteUrl: string): boolean {
  return state.pushed !== undefined && state.pushed.remote === remoteUrl && state.pushed.sha256 === sha256;
}

/** The fact `pushed`: whether the local vault needs no push. Uses no network. */
export async function checkPushed(folder: string, remoteUrl: string): Promise<CheckResult> {
  if (remoteUrl === "none") return { state: "true", reason: "this project has no remote" };
  const local = await readLocal(folder);
  if (!local.ok) return { state: "unknown", reason: "the local vault cannot be read" };
  if (local.value.sha256 === undefined) return { state: "true", reason: "there is no local vault to push" };
  if (isPushed(local.value, remoteUrl))
    return { state: "true", reason: `${remoteUrl} has this vault since ${local.value.state.pushed?.at}` };
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
 * The local vault compared with the remote's. `newer`: the remote changed and nothing here needs a push; `diverged`:
 * both changed.
 */
export type Staleness =
  | { readonly state: "current" }
  | { readonly state: "newer" | "diverged"; readonly object: RemoteObject }
  | { readonly state: "unknown"; readonly failure: Failure };

/** Compares with the remote, with one HEAD request. A remote without a vault has no newer one. */
export async function checkStaleness(
  remote: Remote,
  folder: string,
  signal?: AbortSignal,
): Promise<Staleness> {
  const found = await remote.head(signal);
  if (found.state === "unknown") return found;
  if (found.state === "absent") return { state: "current" };
  const { object } = found;
  // read after the answer, since another push from here may have been running
  const local = await readLocal(folder, signal);
  if (!local.ok) return { state: "unknown", failure: local.failure };
  const { state, sha256 } = local.value;
  const seen = state.pushed?.remote === remote.url && state.pushed.etag === object.etag;
  const ours = (state.pending ?? []).some(
    (pending) => pending.remote === remote.url && pending.writeId === object.writeId,
  );
  if (seen || ours || (sha256 !== undefined && object.sha256 === sha256)) return { state: "current" };
  const alarm = rollbackFailure(object, state.pushed, remote.url);
  if (alarm !== undefined) return { state: "unknown", failure: alarm };
  return { state: isPushed(local.value, remote.url) ? "newer" : "diverged", object };
}
