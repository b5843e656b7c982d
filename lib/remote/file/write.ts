import { utc } from "../../failure/utc.js";
import { basename, dirname, join } from "node:path";
import { interrupted } from "../../aws/errors.js";
import { now } from "../../host/clock.js";
import { linkOrRename, stat } from "../../host/files.js";
import { isLock, type LockHolder, takeLock } from "../../host/lock-file.js";
import { createTemp, type TempFile } from "../../host/temp-file.js";
import { Failed, take } from "../../failure/result.js";
import { addToSidecar, readSidecar } from "./sidecar.js";
import { copyInto, describeFile, type FileLocation } from "./object.js";
import type { Known, Uploaded, UploadRequest } from "../remote-types.js";
import { conditionHolds } from "../presence.js";

/**
 * Writes a temporary file, then takes a lock on the name only to compare and rename. A file that must not exist yet is
 * hard-linked, which never replaces another program's file.
 */
export async function uploadFile(location: FileLocation, request: UploadRequest): Promise<Uploaded> {
  const { from, metadata, signal, progress } = request;
  const temp = take(await createTemp(dirname(location.path), basename(location.path)));
  try {
    const copied = await copyInto({ ...location, path: from }, temp, { signal, progress });
    if (copied === undefined) throw new Failed({ kind: "vault-absent", path: from });
    const { etag, bytes } = copied;
    take(await temp.finish());
    const refused = await locked(location, signal, () => replace(location, request, temp, etag));
    if (refused !== undefined) return refused;
    const written = take(await stat(location.path));
    const modified = written?.modified ?? now();
    return {
      state: "written",
      object: { ...metadata, etag, sha256: etag, bytes, modified },
    };
  } finally {
    // does nothing once it was renamed
    await temp.discard();
  }
}

async function replace(
  location: FileLocation,
  { metadata, condition, signal }: UploadRequest,
  temp: TempFile,
  etag: string,
): Promise<Uploaded | undefined> {
  const object = await describeFile(location, signal);
  const found: Known = object === undefined ? { state: "absent" } : { state: "present", object };
  if (!conditionHolds(found, condition)) return { state: "refused", found };
  // keeps the current file's entry next to the new one's
  if (object !== undefined)
    await addToSidecar(location.path, object.etag, await readSidecar(location.path, object.etag));
  await addToSidecar(location.path, etag, metadata);
  if (condition !== "absent") take(await temp.replace(location.path));
  else if (take(await linkOrRename(temp.path, location.path)) === "taken") return refusedBy(location, signal);
  return undefined;
}

/** Returns the refusal after a program that ignores the lock was faster. */
async function refusedBy(location: FileLocation, signal: AbortSignal | undefined): Promise<Uploaded> {
  const object = await describeFile(location, signal);
  return {
    state: "refused",
    found: object === undefined ? { state: "absent" } : { state: "present", object },
  };
}

async function locked<T>(
  { url, path, stall }: FileLocation,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const lockPath = join(dirname(path), `.${basename(path)}.lock`);
  const taken = take(await takeLock(lockPath, stall, signal));
  if (!isLock(taken)) {
    if (signal?.aborted === true) throw new Failed(interrupted(signal));
    throw new Failed({ kind: "remote-unavailable", url, ...held(taken, lockPath) });
  }
  try {
    return await work();
  } finally {
    await taken.release();
  }
}

function held({ host, pid, since }: LockHolder, path: string): { reason: string; hint: string } {
  return {
    reason: `process ${pid} of ${host} has been writing there since ${utc(since)}`,
    hint: `If it is no longer running, remove ${path}.`,
  };
}
