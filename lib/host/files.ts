import * as fs from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { Readable } from "node:stream";
import {
  closeSync,
  constants,
  createReadStream,
  openSync,
  readFileSync,
  readSome,
  statSync,
} from "./node-fs.js";
import { fail, ok, type Result } from "../failure/result.js";
import { attempt, attemptOptional, errno } from "./file-failure.js";
import { specialKind } from "./project-file.js";
import { copyAtomic, createTemp, syncFolder, tempPath } from "./temp-file.js";

/** The state of a path. `mode` holds the low twelve bits. */
export interface FileStat {
  readonly kind: "file" | "folder" | "other";
  readonly bytes: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modified: Date;
}

/** Returns a file's bytes, or undefined if it does not exist. Waits for what a pipe gets. */
export function readBytes(path: string): Promise<Result<Buffer | undefined>> {
  return attemptOptional("read", path, () => fs.readFile(path));
}

/**
 * Returns a file's text (UTF-8), or undefined if it does not exist. A pipe, a socket or a device is a failure, and does
 * not block.
 */
export async function readText(path: string): Promise<Result<string | undefined>> {
  const opened = await attemptOptional("read", path, () => fs.open(path, withoutWaiting));
  if (!opened.ok || opened.value === undefined) return opened.ok ? ok(undefined) : opened;
  const handle = opened.value;
  try {
    const found = await attempt("read", path, () => handle.stat());
    if (!found.ok) return found;
    // reading a folder fails with an error of its own
    const special = found.value.isDirectory() ? undefined : specialKind(found.value);
    if (special === undefined) return await attempt("read", path, () => handle.readFile("utf8"));
    const detail = `it is ${special}, and only regular files are read`;
    return fail({ kind: "file", action: "read", path, code: "EINVAL", detail });
  } finally {
    await handle.close();
  }
}

const withoutWaiting = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Returns the user and group ids that own a file; undefined if there is no such file. */
export function ownerSync(path: string): { readonly uid: number; readonly gid: number } | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/**
 * Synchronous variant for small files on the start-up path, where module loading delays asynchronous results. Returns
 * undefined if the file cannot be read. It does not wait for a pipe.
 */
export function readTextSync(path: string): string | undefined {
  try {
    const fd = openSync(path, withoutWaiting);
    try {
      return readFileSync(fd, "utf8");
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/**
 * Bytes per read of a stream. With Node's default of 64 KiB, the number of chunks limits the speed of sealing and
 * opening.
 */
const chunkBytes = 512 * 1024;

/** Opens a stream on `path`. A file that cannot be opened is a failure, not an error event. */
export async function openRead(
  path: string,
  options: { start?: number; end?: number; highWaterMark?: number } = {},
): Promise<Result<Readable>> {
  const handle = await attempt("open", path, () => fs.open(path, "r"));
  if (!handle.ok) return handle;
  return ok(createReadStream(path, { highWaterMark: chunkBytes, ...options, fd: handle.value }));
}

/** An open file, which stays the same even if its path is replaced. */
export interface OpenFile {
  readonly bytes: number;
  readonly modified: Date;
  /** Returns a stream that starts at the first byte. */
  read(): Readable;
  close(): Promise<void>;
}

/** Opens a file; returns undefined if it does not exist. */
export async function openFile(path: string): Promise<Result<OpenFile | undefined>> {
  const opened = await attemptOptional("open", path, () => fs.open(path, "r"));
  if (!opened.ok || opened.value === undefined) return opened.ok ? ok(undefined) : opened;
  const handle = opened.value;
  const found = await attempt("look at", path, () => handle.stat());
  const close = (): Promise<void> => handle.close().catch(() => undefined);
  if (!found.ok) return (await close(), found);
  return ok({
    bytes: found.value.size,
    modified: found.value.mtime,
    read: () => Readable.from(piecesOf(handle, found.value.size), { objectMode: false }),
    close,
  });
}

/** Limits of the bytes of one read: of a small file it is as long as that, or many would fill the memory. */
const [leastPiece, mostPiece] = [4 * 1024, 256 * 1024];

/** A read stream of Node would close the file at its end. */
async function* piecesOf(handle: fs.FileHandle, bytes: number): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const length = Math.min(mostPiece, Math.max(leastPiece, bytes - position));
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), { position });
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Returns the state of a path, following links; undefined if it does not exist. */
export async function stat(path: string): Promise<Result<FileStat | undefined>> {
  const found = await attemptOptional("look at", path, () => fs.stat(path));
  return found.ok ? ok(found.value && shape(found.value)) : found;
}

/**
 * Returns the state of a file without following links; undefined if it does not exist. Anything but a regular file is a
 * failure.
 */
export async function statRegularFile(path: string): Promise<Result<FileStat | undefined>> {
  const found = await attemptOptional("look at", path, () => fs.lstat(path));
  if (!found.ok || found.value === undefined) return found.ok ? ok(undefined) : found;
  const seen = shape(found.value);
  if (seen.kind === "file") return ok(seen);
  return fail({ kind: "file", action: "use", path, code: "EINVAL", detail: "it is not a regular file" });
}

/** Follows symbolic links to the file they lead to, which may be missing; `path` itself where there is none. */
export async function followLinks(path: string): Promise<Result<string>> {
  let at = path;
  for (let links = 0; links < maxLinks; links++) {
    const from = at;
    const target = await attemptOptional("look at", from, () => fs.readlink(from));
    if (!target.ok && target.failure.kind === "file" && target.failure.code === "EINVAL") return ok(at);
    if (!target.ok) return target;
    if (target.value === undefined) return ok(at);
    at = resolve(dirname(at), target.value);
  }
  return fail({ kind: "file", action: "follow", path, code: "ELOOP" });
}

/** As Linux does. */
const maxLinks = 40;

function shape(found: Awaited<ReturnType<typeof fs.lstat>>): FileStat {
  const kind = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
  return {
    kind,
    bytes: Number(found.size),
    mode: Number(found.mode) & 0o7777,
    uid: Number(found.uid),
    gid: Number(found.gid),
    modified: found.mtime,
  };
}

/**
 * Replaces a file atomically: writes a temporary file, syncs it, renames it, syncs the folder. Readers see the old
 * bytes or the new ones. The mode is set exactly; default 0600.
 */
export async function writeAtomic(
  path: string,
  data: string | Uint8Array,
  mode = 0o600,
): Promise<Result<void>> {
  const temp = await createTemp(dirname(path), basename(path), mode);
  if (!temp.ok) return temp;
  // if that fails, `replace` says so
  await temp.value.write(data);
  return temp.value.replace(path);
}

/**
 * Creates a file with its content in one step, if the file system has links: readers see all of it or no file. If it exists, it
 * stays, and the failure is `file` with EEXIST. Nothing is synced to the disk.
 */
export function writeNew(path: string, data: string | Uint8Array, mode = 0o600): Promise<Result<void>> {
  return attempt("create", path, async () => {
    const temporary = tempPath(dirname(path), basename(path));
    try {
      await fs.writeFile(temporary, data, { flag: "wx", mode });
      await fs.link(temporary, path).catch((error) => {
        if (errno(error) === "EEXIST") throw error;
        return fs.writeFile(path, data, { flag: "wx", mode });
      });
    } finally {
      await fs.rm(temporary, { force: true });
    }
  });
}

/** Creates a folder and those above it with this mode; leaves existing ones as they are. */
export async function makeFolder(path: string, mode = 0o700): Promise<Result<void>> {
  const made = await attempt("create the folder", path, () => makeFolders(path, mode));
  return made.ok ? ok(undefined) : made;
}

/** Of a read-only disk, Node says ENOENT when it makes several folders; making the first missing one tells the reason. */
async function makeFolders(path: string, mode: number): Promise<void> {
  try {
    await fs.mkdir(path, { recursive: true, mode });
  } catch (error) {
    if (errno(error) !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolders(dirname(path), mode);
    await fs.mkdir(path, { mode });
  }
}

/** Creates a symbolic link, replacing a file or link at `path`. */
export function makeLink(target: string, path: string): Promise<Result<void>> {
  return attempt("create the link", path, async () => {
    await fs.rm(path, { force: true });
    await fs.symlink(target, path);
  });
}

/** Gives a file another name, replacing a file there. Does nothing if it does not exist. */
export async function renameFile(from: string, to: string): Promise<Result<void>> {
  const renamed = await attemptOptional("rename", from, () => fs.rename(from, to));
  return renamed.ok ? ok(undefined) : renamed;
}

/** Removes a file, if it exists. */
export async function removeFile(path: string): Promise<Result<void>> {
  const removed = await attemptOptional("remove", path, () => fs.unlink(path));
  return removed.ok ? ok(undefined) : removed;
}

/** Removes a folder if it is empty. */
export async function removeEmptyFolder(path: string): Promise<void> {
  await fs.rmdir(path).catch(() => undefined);
}

/**
 * Creates a hard link `to` to the file `from`, or a copy if the file system has no links. Fails with EEXIST if `to`
 * exists.
 */
export async function linkOrCopy(from: string, to: string): Promise<Result<void>> {
  const linked = await attempt("keep", to, () => fs.link(from, to));
  if (linked.ok) return syncFolder(dirname(to));
  // a name that is taken is reported before whatever else keeps a link from being made
  if (linked.failure.kind !== "file" || linked.failure.code === "EEXIST") return linked;
  return copyAtomic(from, to);
}

/**
 * Gives the file `from` the name `to` unless that exists; then returns "taken". Without hard links it renames, and the
 * caller must make sure that `to` does not exist.
 */
export async function linkOrRename(from: string, to: string): Promise<Result<"given" | "taken">> {
  const linked = await attempt("create", to, () => fs.link(from, to));
  if (!linked.ok && linked.failure.kind === "file" && linked.failure.code === "EEXIST") return ok("taken");
  const given = linked.ok ? linked : await attempt("create", to, () => fs.rename(from, to));
  if (!given.ok) return given;
  const synced = await syncFolder(dirname(to));
  return synced.ok ? ok("given") : synced;
}

/** Opens a file for reading, so that a child process can inherit its descriptor. */
export async function openDescriptor(
  path: string,
): Promise<Result<{ readonly fd: number; close(): Promise<void> }>> {
  const opened = await attempt("open", path, () => fs.open(path, "r"));
  return opened.ok ? ok({ fd: opened.value.fd, close: () => opened.value.close() }) : opened;
}

/** Returns the sorted names in a folder; empty if it does not exist. */
export async function list(path: string): Promise<Result<readonly string[]>> {
  const names = await attemptOptional("list", path, () => fs.readdir(path));
  return names.ok ? ok((names.value ?? []).toSorted()) : names;
}

/** Returns the path with all links resolved; undefined if it does not exist. */
export function realPath(path: string): Promise<Result<string | undefined>> {
  return attemptOptional("resolve", path, () => fs.realpath(path));
}

/** Reads an inherited file descriptor to its end, at most `limit` bytes. */
export async function readDescriptor(fd: number, limit: number): Promise<Result<Buffer>> {
  const path = `file descriptor ${fd}`;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const read = await attempt("read", path, async () => {
    // a stream would close the descriptor, which is not ours
    while (bytes <= limit) {
      const chunk = await readSome(fd);
      if (chunk.length === 0) break;
      bytes += chunk.length;
      chunks.push(chunk);
    }
  });
  if (!read.ok) return read;
  if (bytes > limit)
    return fail({
      kind: "file",
      action: "read",
      path,
      code: "EFBIG",
      detail: `it has more than ${limit} bytes`,
    });
  return ok(Buffer.concat(chunks));
}

/** Links a file to the first free name of .bak-1, .bak-2, … and returns that name. Never overwrites one. */
export async function keepBackup(path: string): Promise<Result<string>> {
  for (let number = 1; ; number++) {
    const backup = `${path}.bak-${number}`;
    const kept = await linkOrCopy(path, backup);
    if (kept.ok) return ok(backup);
    if (kept.failure.kind !== "file" || kept.failure.code !== "EEXIST") return kept;
  }
}
