import type { Failure } from "../failure/failure.js";
import { keepBackup, makeFolder } from "../host/files.js";
import { createTemp, type TempFile } from "../host/temp-file.js";
import { Failed, fail, ok, type Result, settle, take } from "../failure/result.js";
import { changeState, withPullCompleted } from "../vault/vault-state.js";
import { cleanLeftovers, vaultFileName } from "../vault/store.js";
import { type Fetched, fetchVault } from "./fetch-vault.js";
import { isPushed, type LocalVault, readLocal } from "./local-vault.js";
import { rollbackFailure, recordPullStarted, recordSynced } from "./last-synced.js";
import type { ByteProgress, Presence, Remote, RemoteObject } from "./remote-types.js";

export interface TransferRequest {
  readonly remote: Remote;
  /** .tazpod/vault, absolute. */
  readonly folder: string;
  /** Pull: replace a vault that was not pushed, keeping it as a backup. Push: upload what is there already. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: ByteProgress;
}

export interface Pulled {
  readonly object: RemoteObject;
  /** False when the remote's vault was here already. */
  readonly changed: boolean;
  /** Where the replaced vault is kept, when `force` replaced one that was not pushed. */
  readonly backup?: string;
}

/** What has just been done; tests stop the process there. */
type PullStep = "begun" | "writing" | "fetched" | "backed-up" | "replaced" | "recorded";

export interface PullRequest extends TransferRequest {
  readonly onStep?: (step: PullStep) => void;
}

/**
 * Brings the remote's vault here. It comes to a temporary file beside, is checked (length, checksum where the remote
 * has one, and that it can be a vault), and takes the name in one step; whatever fails, the vault here is what it was,
 * and no part of the new one is left. A vault here that was not pushed is only replaced with `force`, and so is any by
 * one that is older than what this host has seen there; what is replaced by force is kept as vault.tar.aes.bak-N.
 *
 * Failures: `conflict` (not pushed), `remote-rollback`, `remote-absent`, `vault-damaged` (what came is no vault, or not
 * what was pushed), `file`, `interrupted`, and those of the remote.
 */
export async function pull(request: PullRequest): Promise<Result<Pulled>> {
  const { remote, folder, signal } = request;
  const made = await makeFolder(folder);
  if (!made.ok) return made;
  await cleanLeftovers(folder);
  const local = await readLocal(folder, signal);
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

/** What can be told without fetching anything: that it is here already, or must not be brought. */
async function checkBeforeFetch(
  request: PullRequest,
  local: LocalVault,
  found: Presence,
): Promise<Pulled | undefined> {
  const { remote, folder, force = false } = request;
  if (found.state === "unknown") throw new Failed(found.failure);
  if (found.state === "absent") throw new Failed({ kind: "remote-absent", url: remote.url });
  const { object } = found;
  const { pushed } = local.state;
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
  const alarm = rollbackFailure(object, pushed, remote.url);
  if (alarm !== undefined) throw new Failed(alarm);
  // the same vault may be there, though nothing but its bytes could tell
  if (unpushed && (object.sha256 !== undefined || object.bytes !== local.bytes))
    throw new Failed(notPushed(local, remote.url));
  return undefined;
}

function notPushed(local: LocalVault, url: string): Failure {
  return {
    kind: "conflict",
    message: `${local.path} was not pushed to ${url}, and a pull would replace it; nothing was changed`,
    hint: "`tazpod push` brings it there; `tazpod merge` makes one of both. `tazpod pull --force` takes the remote's and keeps this one beside it as vault.tar.aes.bak-N.",
  };
}

async function fetchAndReplace(request: PullRequest, local: LocalVault, temp: TempFile): Promise<Pulled> {
  const { remote, folder, force = false, onStep } = request;
  const { pushed } = local.state;
  const { object, sha256 } = take(await fetchInto(request, local, temp));
  onStep?.("fetched");
  const current = take(await readLocal(folder, request.signal));
  if (current.sha256 === sha256) {
    await temp.discard();
    take(await recordSynced(folder, remote.url, object, sha256));
    return { object, changed: false };
  }
  const unpushed = local.sha256 !== undefined && !isPushed(local, remote.url);
  // Not only what was here at first: another tazpod may have saved meanwhile.
  if ((unpushed && !force) || current.sha256 !== local.sha256)
    throw new Failed(notPushed(current, remote.url));
  const older = rollbackFailure(object, pushed, remote.url) !== undefined && local.sha256 !== undefined;
  const backup = unpushed || older ? take(await keepBackup(current.path)) : undefined;
  onStep?.("backed-up");
  take(await recordPullStarted(folder, remote.url, object, sha256));
  take(await temp.replace(current.path));
  onStep?.("replaced");
  take(await recordSynced(folder, remote.url, object, sha256));
  onStep?.("recorded");
  return { object, changed: true, ...(backup === undefined ? {} : { backup }) };
}

function fetchInto(
  { remote, signal, progress, force = false, onStep }: PullRequest,
  local: LocalVault,
  temp: TempFile,
): Promise<Result<Fetched>> {
  return fetchVault((request) => remote.download(request), temp, {
    name: remote.url,
    downloadLimits: remote.downloadLimits,
    inspect: (found) => {
      onStep?.("begun");
      const alarm = force ? undefined : rollbackFailure(found, local.state.pushed, remote.url);
      return alarm === undefined ? ok(undefined) : fail(alarm);
    },
    progress: (bytes, total) => {
      onStep?.("writing");
      progress?.(bytes, total);
    },
    ...(signal === undefined ? {} : { signal }),
  });
}
