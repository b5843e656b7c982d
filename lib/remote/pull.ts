import { basename } from "node:path";
import type { Failure } from "../failure/failure.js";
import { keepBackup, makeFolder } from "../host/files.js";
import { createTemp, type TempFile } from "../host/temp-file.js";
import { Failed, fail, ok, type Result, settle, take } from "../failure/result.js";
import { changeState, withPullCompleted } from "../vault/vault-state.js";
import { cleanLeftovers, vaultFileName, withVaultInPlace } from "../vault/store.js";
import { readFormat } from "../vault/vault-format.js";
import { type Fetched, fetchVault } from "./fetch-vault.js";
import { descentFromLocal, isPushed, type LocalVault, readLocal } from "./local-vault.js";
import {
  recordPullStarted,
  recordSynced,
  remoteChanged,
  rollbackFailure,
  vanishedFailure,
} from "./last-synced.js";
import type { ByteProgress, Presence, Remote, RemoteObject } from "./remote-types.js";

/** The settings that pull and push share. */
export interface TransferRequest {
  readonly remote: Remote;
  /** .tazpod/vault, absolute. */
  readonly folder: string;
  /**
   * Pull: replace a vault that was not pushed and keep it as a backup. Push: upload even if the remote has it already.
   */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: ByteProgress;
}

/** The result of a pull. */
export interface Pulled {
  readonly object: RemoteObject;
  /** False when the local vault was already the remote's. */
  readonly changed: boolean;
  /** The backup of a replaced vault that was not pushed. */
  readonly backup?: string;
}

/** The step just completed; tests stop the process there. */
type PullStep = "begun" | "writing" | "fetched" | "backed-up" | "replaced" | "recorded";

/** The settings of a pull. */
export interface PullRequest extends TransferRequest {
  readonly onStep?: (step: PullStep) => void;
}

/**
 * Downloads the remote's vault into a temporary file, checks it (length, checksum where the remote has one, format) and
 * replaces the local vault in one step; a failure changes nothing. The replaced one is kept as vault.tar.aes.bak-N
 * until the new one was opened here (lib/vault/arrival.ts). Replacing a vault that was not pushed, or by one that is
 * older than this host has seen there, or does not descend from it, needs `force`; then the copy stays.
 *
 * Failures: `conflict` (not pushed, or diverged), `remote-rollback`, `remote-absent`, `remote-vanished`, `vault-damaged`
 * (not a vault, or not what was pushed), `file`, `interrupted`, and those of the remote.
 */
export async function pull(request: PullRequest): Promise<Result<Pulled>> {
  const { remote, folder, signal } = request;
  const made = await makeFolder(folder);
  if (!made.ok) return made;
  await cleanLeftovers(folder);
  const local = await readLocal(folder, { signal });
  if (!local.ok) return local;
  if (local.value.sha256 !== undefined) {
    const known = await settle(async () => checkBeforeFetch(request, local.value, await remote.head(signal)));
    if (!known.ok) return known;
    if (known.value !== undefined) return ok(known.value);
  }
  const temp = await createTemp(folder, vaultFileName);
  if (!temp.ok) return temp;
  const pulled = await settle(() => fetchAndReplace(request, local.value, temp.value));
  if (!pulled.ok) await temp.value.discard();
  return pulled;
}

/** Decides without a download whether the vault is current or must not be replaced. */
async function checkBeforeFetch(
  request: PullRequest,
  local: LocalVault,
  found: Presence,
): Promise<Pulled | undefined> {
  const { remote, folder, force = false } = request;
  if (found.state === "unknown") throw new Failed(found.failure);
  const { pushed } = local.state;
  const vanished = vanishedFailure(found, pushed, remote.url);
  if (vanished !== undefined) throw new Failed(vanished);
  if (found.state === "absent") throw new Failed({ kind: "remote-absent", url: remote.url });
  const { object } = found;
  const unpushed = !isPushed(local, remote.url);
  if (!unpushed && pushed?.etag === object.etag) {
    take(await changeState(folder, (state) => withPullCompleted(state, local.sha256)));
    return { object, changed: false };
  }
  if (local.sha256 !== undefined && object.sha256 === local.sha256) {
    take(await recordSynced(folder, remote.url, object, local.sha256));
    return { object, changed: false };
  }
  if (force) return undefined;
  const alarm = rollbackFailure(object, local.state, remote.url);
  if (alarm !== undefined) throw new Failed(alarm);
  const descends = descentFromLocal(object, local, remote.url);
  if (descends === "yes") return undefined;
  // it may still be the same vault, which only its bytes would show
  if (unpushed && (object.sha256 !== undefined || object.bytes !== local.bytes))
    throw new Failed(notPushed(local, remote.url));
  if (descends === "no") throw new Failed(divergedFailure(object, local, remote.url));
  return undefined;
}

function notPushed(local: LocalVault, url: string): Failure {
  return {
    kind: "conflict",
    message: `${local.path} was not pushed to ${url} and a pull would replace it, so nothing was changed`,
    hint: "Run `tazpod push` to upload it, `tazpod merge` to merge both, or `tazpod pull --force` to take the remote's and keep this one as vault.tar.aes.bak-N.",
  };
}

function divergedFailure(object: RemoteObject, { state }: LocalVault, url: string): Failure {
  return {
    kind: "conflict",
    message: `${remoteChanged(object, url, state.pushed)}, and that vault does not contain the last version this host synced there, so nothing was changed`,
    hint: "Run `tazpod merge` to merge both, or `tazpod pull --force` to take the remote's and keep this one as vault.tar.aes.bak-N.",
  };
}

async function fetchAndReplace(request: PullRequest, local: LocalVault, temp: TempFile): Promise<Pulled> {
  const fetched = take(await fetchInto(request, local, temp));
  request.onStep?.("fetched");
  return withVaultInPlace(request.folder, () => replace(request, local, temp, fetched));
}

async function replace(
  request: PullRequest,
  local: LocalVault,
  temp: TempFile,
  { object, sha256 }: Fetched,
): Promise<Pulled> {
  const { remote, folder, force = false, onStep } = request;
  const current = take(await readLocal(folder, { signal: request.signal }));
  if (current.sha256 === sha256) {
    await temp.discard();
    take(await recordSynced(folder, remote.url, object, sha256));
    return { object, changed: false };
  }
  const descends = descentFromLocal(object, local, remote.url);
  const unpushed = local.sha256 !== undefined && !isPushed(local, remote.url) && descends !== "yes";
  // another process may have saved in the meantime
  if ((unpushed && !force) || current.sha256 !== local.sha256)
    throw new Failed(notPushed(current, remote.url));
  if (descends === "no" && !force) throw new Failed(divergedFailure(object, local, remote.url));
  const older = rollbackFailure(object, local.state, remote.url) !== undefined && local.sha256 !== undefined;
  const isDropped = unpushed || older || descends === "no";
  // what was pulled and never opened here needs no copy; its predecessor has one
  const isUnopened = local.sha256 !== undefined && local.state.arrival?.sha256 === local.sha256;
  const isReplaced = local.sha256 !== undefined && !isUnopened;
  const kept = isDropped || isReplaced ? take(await keepBackup(current.path)) : undefined;
  onStep?.("backed-up");
  const replaced = isReplaced && !isDropped && kept !== undefined ? basename(kept) : undefined;
  const start = { sha256, replaced, isUnopened, descends, isDropped };
  take(await recordPullStarted(folder, remote.url, object, start));
  take(await temp.replace(current.path));
  onStep?.("replaced");
  take(await recordSynced(folder, remote.url, object, sha256));
  onStep?.("recorded");
  return { object, changed: true, backup: isDropped ? kept : undefined };
}

async function fetchInto(
  { remote, signal, progress, force = false, onStep }: PullRequest,
  local: LocalVault,
  temp: TempFile,
): Promise<Result<Fetched>> {
  const format = force || local.sha256 === undefined ? undefined : await readFormat(local.path);
  return fetchVault((request) => remote.download(request), temp, {
    name: remote.url,
    downloadLimits: remote.downloadLimits,
    replaces: format?.ok === true ? format.value : undefined,
    inspect: (found) => {
      onStep?.("begun");
      const alarm = force ? undefined : rollbackFailure(found, local.state, remote.url);
      return alarm === undefined ? ok(undefined) : fail(alarm);
    },
    progress: (bytes, total) => {
      onStep?.("writing");
      progress?.(bytes, total);
    },
    signal,
  });
}
