import * as fs from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Readable } from "node:stream";
import { createReadStream, readFileSync } from "./node-fs.js";
import { fail, ok, type Result } from "../failure/result.js";
import { attempt, attemptOptional } from "./file-failure.js";
import { copyAtomic, createTemp, syncFolder } from "./temp-file.js";

/** What is known of a path. `mode` holds the low twelve bits; `bytes` and `modified` are the file's own. */
export interface FileStat {
  readonly kind: "file" | "folder" | "other";
  readonly bytes: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modified: Date;
}

/** The bytes of a file; undefined when it is not there. */
export function readBytes(path: string): Promise<Result<Buffer | undefined>> {
  return attemptOptional("read", path, () => fs.readFile(path));
}

/** The text of a file (UTF-8); undefined when it is not there. */
export function readText(path: string): Promise<Result<string | undefined>> {
  return attemptOptional("read", path, () => fs.readFile(path, "utf8"));
}

/**
 * The same at once, for a short file that all else waits for: while modules are being loaded, an answer that is there is
 * only heard late. Undefined also where it cannot be read.
 */
export function readTextSync(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** A stream reads so much at once: with node's 64 KiB, what goes through a vault is held up by the number of its pieces. */
const atOnce = 512 * 1024;

/** A stream over `path`, already open: a file that cannot be opened is a failure here, not an error event. */
export async function openRead(
  path: string,
  options: { start?: number; end?: number; highWaterMark?: number } = {},
): Promise<Result<Readable>> {
  const handle = await attempt("open", path, () => fs.open(path, "r"));
  if (!handle.ok) return handle;
  return ok(createReadStream(path, { highWaterMark: atOnce, ...options, fd: handle.value }));
}

/** A file that stays the same one while it is open, whatever takes its name. */
export interface OpenFile {
  readonly bytes: number;
  readonly modified: Date;
  /** From the first byte, each time. */
  read(): Readable;
  close(): Promise<void>;
}

/** Undefined when nothing is there. */
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
    read: () => Readable.from(piecesOf(handle), { objectMode: false }),
    close,
  });
}

/** A read stream of node's own would close the file with itself. */
async function* piecesOf(handle: fs.FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(256 * 1024), { position });
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Follows links. Undefined when nothing is there (or a link leads nowhere). */
export async function stat(path: string): Promise<Result<FileStat | undefined>> {
  const found = await attemptOptional("look at", path, () => fs.stat(path));
  return found.ok ? ok(found.value && shape(found.value)) : found;
}

/** The file itself. Undefined when nothing is there; what is not a regular file, a link among it, is a failure. */
export async function statRegularFile(path: string): Promise<Result<FileStat | undefined>> {
  const found = await attemptOptional("look at", path, () => fs.lstat(path));
  if (!found.ok || found.value === undefined) return found.ok ? ok(undefined) : found;
  const seen = shape(found.value);
  if (seen.kind === "file") return ok(seen);
  return fail({ kind: "file", action: "use", path, code: "EINVAL", detail: "it is not a regular file" });
}

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
 * Replaces `path` in one step: a temporary file beside it, fsync, rename, fsync of the folder.
 * Whoever reads sees the old bytes or the new, never a part. Mode (0600 unless given) is set exactly.
 */
export async function writeAtomic(
  path: string,
  data: string | Uint8Array,
  mode = 0o600,
): Promise<Result<void>> {
  const temp = await createTemp(dirname(path), basename(path), mode);
  if (!temp.ok) return temp;
  const written = await temp.value.write(data);
  if (!written.ok) return (await temp.value.discard(), written);
  return temp.value.replace(path);
}

/** Creates `path` with `data`; a file that is there already stays and makes this a `file` failure with EEXIST. */
export function writeNew(path: string, data: string | Uint8Array, mode = 0o600): Promise<Result<void>> {
  return attempt("create", path, () => fs.writeFile(path, data, { flag: "wx", mode }));
}

/** Makes a folder, and those above it, with this mode; one that is there is left as it is. */
export async function makeFolder(path: string, mode = 0o700): Promise<Result<void>> {
  const made = await attempt("create the folder", path, () => fs.mkdir(path, { recursive: true, mode }));
  return made.ok ? ok(undefined) : made;
}

/** Makes a link at `path`, in the place of whatever file or link is there. */
export function makeLink(target: string, path: string): Promise<Result<void>> {
  return attempt("create the link", path, async () => {
    await fs.rm(path, { force: true });
    await fs.symlink(target, path);
  });
}

/** Removes one file; that it is gone already is fine. */
export async function removeFile(path: string): Promise<Result<void>> {
  const removed = await attemptOptional("remove", path, () => fs.unlink(path));
  return removed.ok ? ok(undefined) : removed;
}

/** Removes a folder if nothing is in it. */
export async function removeEmptyFolder(path: string): Promise<void> {
  await fs.rmdir(path).catch(() => undefined);
}

/** A second name for the file `from`; fails with EEXIST when `to` is there. Where links are not to be had, a copy. */
export async function linkOrCopy(from: string, to: string): Promise<Result<void>> {
  const linked = await attempt("keep", to, () => fs.link(from, to));
  if (linked.ok) return syncFolder(dirname(to));
  if (linked.failure.kind !== "file" || linked.failure.code === "EEXIST") return linked;
  const there = await stat(to);
  if (!there.ok) return there;
  if (there.value !== undefined) return fail({ kind: "file", action: "keep", path: to, code: "EEXIST" });
  return copyAtomic(from, to);
}

/**
 * Gives the file `from` the name `to`, which nothing else has; "taken" when something has it. Where links are not to be
 * had, by a rename: then it is for the caller to know that nothing is there.
 */
export async function linkOrRename(from: string, to: string): Promise<Result<"given" | "taken">> {
  const linked = await attempt("create", to, () => fs.link(from, to));
  if (!linked.ok && linked.failure.kind === "file" && linked.failure.code === "EEXIST") return ok("taken");
  const given = linked.ok ? linked : await attempt("create", to, () => fs.rename(from, to));
  if (!given.ok) return given;
  const synced = await syncFolder(dirname(to));
  return synced.ok ? ok("given") : synced;
}

/** A file, open for reading, as a program that is started can be given it. */
export async function openDescriptor(
  path: string,
): Promise<Result<{ readonly fd: number; close(): Promise<void> }>> {
  const opened = await attempt("open", path, () => fs.open(path, "r"));
  return opened.ok ? ok({ fd: opened.value.fd, close: () => opened.value.close() }) : opened;
}

/** The names in a folder, sorted; empty when the folder is not there. */
export async function list(path: string): Promise<Result<readonly string[]>> {
  const names = await attemptOptional("list", path, () => fs.readdir(path));
  return names.ok ? ok((names.value ?? []).toSorted()) : names;
}

/** The path with every link resolved; undefined when nothing is there. */
export function realPath(path: string): Promise<Result<string | undefined>> {
  return attemptOptional("resolve", path, () => fs.realpath(path));
}

/** Reads an open file descriptor (one the caller's parent left open for us) to its end; at most `limit` bytes. */
export async function readDescriptor(fd: number, limit: number): Promise<Result<Buffer>> {
  const path = `file descriptor ${fd}`;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const read = await attempt("read", path, async () => {
    for await (const chunk of createReadStream("", { fd, autoClose: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limit) break;
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
      detail: `it gives more than ${limit} bytes`,
    });
  return ok(Buffer.concat(chunks));
}

/** Gives a file a second name, the first free one of .bak-1, .bak-2, …; none is ever overwritten. Gives that name. */
export async function keepBackup(path: string): Promise<Result<string>> {
  for (let number = 1; ; number++) {
    const backup = `${path}.bak-${number}`;
    const kept = await linkOrCopy(path, backup);
    if (kept.ok) return ok(backup);
    if (kept.failure.kind !== "file" || kept.failure.code !== "EEXIST") return kept;
  }
}
