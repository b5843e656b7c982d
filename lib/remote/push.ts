import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Failure } from "../failure.js";
import { now } from "../host/clock.js";
import { removeFile } from "../host/files.js";
import { linkTemp } from "../host/temp-file.js";
import { fail, ok, type Result, settle, take } from "../result.js";
import { writeState, type PendingRecord, type PushedRecord } from "../vault/state.js";
import { cleanLeftovers, vaultFileName } from "../vault/store.js";
import { fileHash } from "../host/file-hash.js";
import { isPushed, type LocalVault, readLocal } from "./local.js";
import type { SyncRequest } from "./pull.js";
import type { Presence, RemoteObject } from "./types.js";

export interface PushRequest extends SyncRequest {
  /** This host's name, for whoever finds the vault there; the system's own unless given. */
  readonly host?: string;
}

export interface Pushed {
  /** False when the remote has this vault already. */
  readonly uploaded: boolean;
  /** The remote had lost the vault that was pushed before. */
  readonly wasGone: boolean;
  readonly record: PushedRecord;
}

/**
 * Brings the vault here to the remote. It never overwrites what this host has not seen: when the remote's etag is not
 * the one of the last push or pull, that is a `conflict`, with or without `force`, and both are left as they are. A
 * push whose answer was lost is known by its write id.
 *
 * Failures: `vault-absent`, `conflict`, `file`, `interrupted`, and those of the remote.
 */
export async function push(request: PushRequest): Promise<Result<Pushed>> {
  const { remote, folder, signal, force = false } = request;
  await cleanLeftovers(folder);
  const local = await readLocal(folder, signal);
  if (!local.ok) return local;
  if (local.value.sha256 === undefined) return fail({ kind: "vault-absent", path: local.value.path });
  const { pushed } = local.value.state;
  if (pushed !== undefined && isPushed(local.value, remote.url) && !force)
    return ok({ uploaded: false, wasGone: false, record: pushed });
  const presence = await remote.head(signal);
  if (presence.state === "unknown") return fail(presence.failure);
  const unheard = unheardPush(presence, local.value, remote.url);
  if (presence.state === "present") {
    if (unheard?.sha256 === local.value.sha256)
      return settle(() => recordUnheard(folder, unheard, presence.object));
    const seen = pushed?.remote === remote.url ? pushed.etag : undefined;
    if (unheard === undefined && presence.object.etag !== seen)
      return fail(movedOn(local.value, presence.object, remote.url));
  }
  // The file that is hashed is the one that is uploaded, though a save may replace the vault meanwhile.
  const snapshot = await linkTemp(folder, vaultFileName, local.value.path);
  if (!snapshot.ok) return snapshot;
  const wasGone = presence.state === "absent" && pushed?.remote === remote.url;
  const result = await settle(() => send(request, local.value, snapshot.value, wasGone));
  await removeFile(snapshot.value);
  return result;
}

/** Our own push that is there, though its answer never came. */
function unheardPush(presence: Presence, { state }: LocalVault, url: string): PendingRecord | undefined {
  const { pending } = state;
  const ours = presence.state === "present" && presence.object.writeId === pending?.writeId;
  return ours && pending?.remote === url ? pending : undefined;
}

async function recordUnheard(
  folder: string,
  { remote, sha256, writeId }: PendingRecord,
  { etag, modified }: RemoteObject,
): Promise<Pushed> {
  const record = { remote, sha256, etag, at: modified.toISOString(), writeId };
  take(await writeState(folder, { version: 1, pushed: record }));
  return { uploaded: false, wasGone: false, record };
}

async function send(
  { remote, folder, host = hostname(), signal, progress }: PushRequest,
  { state }: LocalVault,
  from: string,
  wasGone: boolean,
): Promise<Pushed> {
  const sha256 = take(await fileHash(from, signal));
  const writeId = randomUUID();
  take(await writeState(folder, { ...state, pending: { remote: remote.url, sha256, writeId } }));
  const metadata = { host, writeId };
  const object = take(
    await remote.upload({
      from,
      metadata,
      ...(signal === undefined ? {} : { signal }),
      ...(progress === undefined ? {} : { progress }),
    }),
  );
  const record = { remote: remote.url, sha256, etag: object.etag, at: now().toISOString(), writeId };
  take(await writeState(folder, { version: 1, pushed: record }));
  return { uploaded: true, wasGone, record };
}

function movedOn(local: LocalVault, { host, modified }: RemoteObject, url: string): Failure {
  const who = host === undefined ? "Somebody" : `The host ${host}`;
  const when = `${modified.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return {
    kind: "conflict",
    message: `${who} wrote ${url} on ${when}, and this host has not seen that; nothing was pushed, and ${local.path} is as it was`,
    hint: "`tazpod pull --force` takes the remote's vault and keeps this one beside it as vault.tar.aes.bak-N.",
  };
}
