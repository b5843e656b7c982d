import { createHash } from "node:crypto";
import type { Failure } from "../failure.js";
import { now } from "../host/clock.js";
import { keepBackup } from "../host/backup.js";
import { makeFolder } from "../host/files.js";
import { createTemp, type TempFile } from "../host/temp-file.js";
import { Failed, fail, ok, type Result, settle, take } from "../result.js";
import { headBytes, recognise } from "../vault/format.js";
import { changeState, withPushed, type PushedRecord, type VaultState } from "../vault/state.js";
import { cleanLeftovers, vaultFileName } from "../vault/store.js";
import { isPushed, type LocalVault, readLocal } from "./local.js";
import { rollback } from "./rollback.js";
import type { ByteProgress, Presence, Remote, RemoteObject } from "./types.js";

export interface SyncRequest {
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

export interface PullRequest extends SyncRequest {
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
    const known = await settle(async () => compare(request, local.value, await remote.head(signal)));
    if (!known.ok) return known;
    if (known.value !== undefined) return ok(known.value);
  }
  const temp = await createTemp(folder, vaultFileName);
  if (!temp.ok) return temp;
  const pulled = await settle(() => bring(request, local.value, temp.value));
  if (!pulled.ok) await temp.value.discard();
  return pulled;
}

/** What can be told without fetching anything: that it is here already, or must not be brought. */
async function compare(
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
  if (!unpushed && pushed?.etag === object.etag) return { object, changed: false };
  if (local.sha256 !== undefined && object.sha256 === local.sha256) {
    await record(folder, local.state, remote.url, object, local.sha256);
    return { object, changed: false };
  }
  if (force) return undefined;
  const alarm = rollback(object, pushed, remote.url);
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

async function bring(request: PullRequest, local: LocalVault, temp: TempFile): Promise<Pulled> {
  const { remote, folder, force = false, onStep } = request;
  const { pushed } = local.state;
  const { object, sha256 } = await fetchInto(request, local, temp);
  onStep?.("fetched");
  const current = take(await readLocal(folder, request.signal));
  if (current.sha256 === sha256) {
    await temp.discard();
    await record(folder, local.state, remote.url, object, sha256);
    return { object, changed: false };
  }
  const unpushed = local.sha256 !== undefined && !isPushed(local, remote.url);
  // Not only what was here at first: another tazpod may have saved meanwhile.
  if ((unpushed && !force) || current.sha256 !== local.sha256)
    throw new Failed(notPushed(current, remote.url));
  const older = rollback(object, pushed, remote.url) !== undefined && local.sha256 !== undefined;
  const backup = unpushed || older ? take(await keepBackup(current.path)) : undefined;
  onStep?.("backed-up");
  take(await temp.replace(current.path));
  onStep?.("replaced");
  await record(folder, local.state, remote.url, object, sha256);
  onStep?.("recorded");
  return { object, changed: true, ...(backup === undefined ? {} : { backup }) };
}

/** The highest generation that was ever seen there stays noted: the next push goes beyond it. */
async function record(
  folder: string,
  { pushed }: VaultState,
  url: string,
  { etag, writeId, generation = 0 }: RemoteObject,
  sha256: string,
): Promise<void> {
  const seen = Math.max(generation, pushed?.remote === url ? (pushed.generation ?? 0) : 0);
  const same = pushed?.remote === url && pushed.etag === etag ? pushed : {};
  const found: PushedRecord = {
    ...same,
    remote: url,
    sha256,
    etag,
    at: now().toISOString(),
    ...(writeId === undefined ? {} : { writeId }),
    ...(seen === 0 ? {} : { generation: seen }),
  };
  take(await changeState(folder, (before) => withPushed(before, found)));
}

async function fetchInto(
  { remote, signal, progress, force = false, onStep }: PullRequest,
  local: LocalVault,
  temp: TempFile,
): Promise<{ object: RemoteObject; sha256: string }> {
  const hash = createHash("sha256");
  let head: Buffer = Buffer.alloc(0);
  const object = take(
    await remote.download({
      inspect: (found) => {
        onStep?.("begun");
        const alarm = force ? undefined : rollback(found, local.state.pushed, remote.url);
        return alarm === undefined ? ok(undefined) : fail(alarm);
      },
      write: async (piece) => {
        hash.update(piece);
        if (head.length < headBytes) head = Buffer.concat([head, piece]).subarray(0, headBytes);
        const written = await temp.write(piece);
        onStep?.("writing");
        return written;
      },
      ...(signal === undefined ? {} : { signal }),
      ...(progress === undefined ? {} : { progress }),
    }),
  );
  const sha256 = hash.digest("hex");
  if (recognise(head) === undefined)
    throw new Failed(damaged(remote, `it has ${object.bytes} bytes and is no vault`));
  if (object.sha256 !== undefined && object.sha256 !== sha256)
    throw new Failed(damaged(remote, "its bytes are not those that were pushed"));
  take(await temp.finish());
  return { object, sha256 };
}

function damaged({ url }: Remote, detail: string): Failure {
  return { kind: "vault-damaged", path: url, detail };
}
