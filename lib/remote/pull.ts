import { createHash } from "node:crypto";
import type { Failure } from "../failure.js";
import { now } from "../host/clock.js";
import { keepAs, makeFolder } from "../host/files.js";
import { createTemp, type TempFile } from "../host/temp-file.js";
import { Failed, fail, ok, type Result, settle, take } from "../result.js";
import { headBytes, recognise } from "../vault/format.js";
import { writeState } from "../vault/state.js";
import { cleanLeftovers, vaultFileName } from "../vault/store.js";
import { isPushed, type LocalVault, readLocal } from "./local.js";
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

/**
 * Brings the remote's vault here. It comes to a temporary file beside, is checked (length, and that it can be a
 * vault), and takes the name in one step; whatever fails, the vault here is what it was, and no part of the new one
 * is left. A vault here that was not pushed is only replaced with `force`, and then kept as vault.tar.aes.bak-N.
 *
 * Failures: `conflict` (not pushed), `remote-absent`, `vault-damaged` (what came is no vault), `file`, `interrupted`,
 * and those of the remote.
 */
export async function pull(request: SyncRequest): Promise<Result<Pulled>> {
  const { remote, folder, signal, force = false } = request;
  const made = await makeFolder(folder);
  if (!made.ok) return made;
  await cleanLeftovers(folder);
  const local = await readLocal(folder, signal);
  if (!local.ok) return local;
  const unpushed = local.value.sha256 !== undefined && !isPushed(local.value, remote.url);
  if (unpushed && !force) {
    // The same vault may be there all the same; if not even the size fits, nothing has to be fetched to know.
    const presence = await remote.head(signal);
    const refusal = refuse(presence, local.value, remote.url);
    if (refusal !== undefined) return fail(refusal);
  }
  const temp = await createTemp(folder, vaultFileName);
  if (!temp.ok) return temp;
  const pulled = await settle(() => bring(request, local.value, unpushed, temp.value));
  if (!pulled.ok) await temp.value.discard();
  return pulled;
}

function refuse(presence: Presence, local: LocalVault, url: string): Failure | undefined {
  if (presence.state === "unknown") return presence.failure;
  if (presence.state === "absent") return { kind: "remote-absent", url };
  return presence.object.bytes === local.bytes ? undefined : notPushed(local, url);
}

function notPushed(local: LocalVault, url: string): Failure {
  return {
    kind: "conflict",
    message: `${local.path} was not pushed to ${url}, and a pull would replace it; nothing was changed`,
    hint: "`tazpod push` brings it there. `tazpod pull --force` takes the remote's and keeps this one beside it as vault.tar.aes.bak-N.",
  };
}

async function bring(
  request: SyncRequest,
  local: LocalVault,
  unpushed: boolean,
  temp: TempFile,
): Promise<Pulled> {
  const { remote, folder, force = false } = request;
  const { object, sha256 } = await fetchInto(request, temp);
  const record = {
    remote: remote.url,
    sha256,
    etag: object.etag,
    at: now().toISOString(),
    ...writeIdOf(object),
  };
  const current = take(await readLocal(folder, request.signal));
  if (current.sha256 === sha256) {
    await temp.discard();
    take(await writeState(folder, { version: 1, pushed: record }));
    return { object, changed: false };
  }
  // Not only what was here at first: another tazpod may have saved meanwhile.
  if ((unpushed && !force) || current.sha256 !== local.sha256)
    throw new Failed(notPushed(current, remote.url));
  const backup = unpushed ? take(await keepBackup(current.path)) : undefined;
  take(await temp.replace(current.path));
  take(await writeState(folder, { version: 1, pushed: record }));
  return { object, changed: true, ...(backup === undefined ? {} : { backup }) };
}

function writeIdOf({ writeId }: RemoteObject): { writeId?: string } {
  return writeId === undefined ? {} : { writeId };
}

async function fetchInto(
  { remote, signal, progress }: SyncRequest,
  temp: TempFile,
): Promise<{ object: RemoteObject; sha256: string }> {
  const hash = createHash("sha256");
  let head: Buffer = Buffer.alloc(0);
  const object = take(
    await remote.download({
      write: (piece) => {
        hash.update(piece);
        if (head.length < headBytes) head = Buffer.concat([head, piece]).subarray(0, headBytes);
        return temp.write(piece);
      },
      ...(signal === undefined ? {} : { signal }),
      ...(progress === undefined ? {} : { progress }),
    }),
  );
  if (recognise(head) === undefined) {
    throw new Failed({
      kind: "vault-damaged",
      path: remote.url,
      detail: `it has ${object.bytes} bytes and is no vault`,
    });
  }
  take(await temp.finish());
  return { object, sha256: hash.digest("hex") };
}

/** The first free of .bak-1, .bak-2, …; none is ever overwritten. */
async function keepBackup(path: string): Promise<Result<string>> {
  for (let number = 1; ; number++) {
    const backup = `${path}.bak-${number}`;
    const kept = await keepAs(path, backup);
    if (kept.ok) return ok(backup);
    if (kept.failure.kind !== "file" || kept.failure.code !== "EEXIST") return kept;
  }
}
