import { basename, dirname, join } from "node:path";
import { interrupted } from "../../aws/errors.js";
import { now } from "../../host/clock.js";
import { linkOrRename, stat } from "../../host/files.js";
import { isLock, type LockHolder, takeLock } from "../../host/lock-file.js";
import { createTemp, type TempFile } from "../../host/temp-file.js";
import { Failed, take } from "../../failure/result.js";
import { addNote, readNote } from "./sidecar.js";
import { copyInto, describeFile, type FilePlace } from "./object.js";
import type { Known, Uploaded, UploadRequest, WriteCondition } from "../types.js";

/**
 * Written beside, then, with a lock on the name, compared and renamed: the lock is held for no longer than that. A file that must not be there is linked, which
 * no other program's file gives way to.
 */
export async function uploadFile(place: FilePlace, request: UploadRequest): Promise<Uploaded> {
  const { from, metadata, signal, progress } = request;
  const temp = take(await createTemp(dirname(place.path), basename(place.path)));
  try {
    const copied = await copyInto({ ...place, path: from }, temp, { signal, progress });
    if (copied === undefined) throw new Failed({ kind: "vault-absent", path: from });
    const { etag, bytes } = copied;
    take(await temp.finish());
    const refused = await locked(place, signal, () => replace(place, request, temp, etag));
    if (refused !== undefined) return refused;
    const written = take(await stat(place.path));
    const modified = written?.modified ?? now();
    return {
      state: "written",
      object: { ...metadata, etag, sha256: etag, bytes, modified },
    };
  } finally {
    // nothing of it is left once it has the name
    await temp.discard();
  }
}

async function replace(
  place: FilePlace,
  { metadata, condition, signal }: UploadRequest,
  temp: TempFile,
  etag: string,
): Promise<Uploaded | undefined> {
  const object = await describeFile(place, signal);
  const found: Known = object === undefined ? { state: "absent" } : { state: "present", object };
  if (!fits(found, condition)) return { state: "refused", found };
  // the note for the one that is there stays beside the new one's
  if (object !== undefined) await addNote(place.path, object.etag, await readNote(place.path, object.etag));
  await addNote(place.path, etag, metadata);
  if (condition !== "absent") take(await temp.replace(place.path));
  else if (take(await linkOrRename(temp.path, place.path)) === "taken") return refusedBy(place, signal);
  return undefined;
}

/** A program that knows nothing of the lock was faster. */
async function refusedBy(place: FilePlace, signal: AbortSignal | undefined): Promise<Uploaded> {
  const object = await describeFile(place, signal);
  return {
    state: "refused",
    found: object === undefined ? { state: "absent" } : { state: "present", object },
  };
}

async function locked<T>(
  { url, path, stall }: FilePlace,
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
    reason: `process ${pid} of ${host} is writing there since ${since.slice(0, 19).replace("T", " ")} UTC`,
    hint: `If it does not run any more, remove ${path}.`,
  };
}

function fits(found: Known, condition: WriteCondition): boolean {
  if (condition === "absent") return found.state === "absent";
  return found.state === "present" && found.object.etag === condition.replaces;
}
