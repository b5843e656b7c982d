import * as fs from "node:fs/promises";
import { join } from "node:path";
import { fail, ok, type Result } from "../failure/result.js";
import { attempt, attemptOptional, errno } from "./file-failure.js";
import { constants } from "./node-fs.js";

/** More than any settings, recipe or script needs. */
const maxBytes = 1024 * 1024;
/** How often a file may be replaced while it is being opened. */
const maxTries = 20;

/**
 * Reads a file of a project, which somebody else may have written or may be changing now. It has to be a regular file
 * below `root` (absolute, links resolved), reached without a link, of this user (or of root, or of the owner of the
 * project's folder), and of at most `limit` bytes. Undefined when nothing is there. Failure: `file`, which names the path
 * and never has any content. Devices and pipes are refused without waiting for them.
 */
export async function readProjectFile(
  root: string,
  path: string,
  limit = maxBytes,
): Promise<Result<Buffer | undefined>> {
  const no = (code: string, detail: string) => fail({ kind: "file", action: "read", path, code, detail });
  if (!isInside(root, path))
    return no("EPERM", "it is outside the project, and only files of the project are read");
  for (let tries = 0; tries < maxTries; tries += 1) {
    const found = await attemptOptional("read", path, () => fs.lstat(path));
    if (!found.ok || found.value === undefined) return found.ok ? ok(undefined) : found;
    const odd = oddKind(found.value);
    if (odd !== undefined) return no(found.value.isSymbolicLink() ? "ELOOP" : "EINVAL", wordOdd(odd));
    const opened = await attempt("read", path, () => fs.open(path, flags));
    if (!opened.ok) {
      if (opened.failure.kind === "file" && moved.has(opened.failure.code)) continue;
      return opened;
    }
    try {
      const read = await readOpened(opened.value, root, path, limit);
      if (typeof read === "string") return no("EINVAL", read);
      if (read !== undefined) return ok(read);
    } catch (error) {
      return no(errno(error) ?? rethrow(error), "it cannot be read");
    } finally {
      await opened.value.close();
    }
  }
  return no("EBUSY", "something keeps replacing it");
}

/**
 * The first of these that is a link, device or pipe: a folder below `root` by its path there, each folder on the way to it,
 * and what is in it. Undefined also where there is no such folder.
 */
export async function findSpecialEntry(
  root: string,
  folder: string,
): Promise<{ readonly path: string; readonly what: string } | undefined> {
  let path = root;
  for (const name of folder.split("/")) {
    path = join(path, name);
    const found = await fs.lstat(path).catch(() => undefined);
    if (found === undefined) return undefined;
    if (!found.isDirectory()) return { path, what: oddKind(found) ?? "a file" };
  }
  for (const name of await fs.readdir(path).catch(() => [])) {
    const entry = await fs.lstat(join(path, name)).catch(() => undefined);
    const what = entry === undefined || entry.isDirectory() ? undefined : oddKind(entry);
    if (what !== undefined && what !== "a socket") return { path: join(path, name), what };
  }
  return undefined;
}

/** Whether anything has this name, a link that leads nowhere included. */
export async function pathExists(path: string): Promise<boolean> {
  return (await fs.lstat(path).catch(() => undefined)) !== undefined;
}

export function isInside(root: string, path: string): boolean {
  return path.startsWith(root === "/" ? root : `${root}/`) && !/(?:^|\/)\.\.?(?:\/|$)/.test(path);
}

/** A pipe does not wait for its other end, and a terminal does not become ours. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
/** How opening fails when the file was replaced since it was looked at. */
const moved: ReadonlySet<string> = new Set(["ENOENT", "ELOOP", "ENXIO"]);

/** The bytes; why they are not read; or undefined when the file has been moved since. */
async function readOpened(
  handle: fs.FileHandle,
  root: string,
  path: string,
  limit: number,
): Promise<Buffer | string | undefined> {
  const found = await handle.stat();
  const odd = oddKind(found);
  if (odd !== undefined) return wordOdd(odd);
  const real = await pathOf(handle, path);
  // one that was replaced after it was opened is the file that was there
  if (real !== path && real !== `${path} (deleted)`) {
    return isInside(root, real) && (await fs.realpath(path).catch(() => path)) === path
      ? undefined
      : "a folder on the way to it is a link, and only files of the project are read";
  }
  const owners = [process.getuid?.(), 0, (await fs.stat(root)).uid];
  if (process.getuid !== undefined && !owners.includes(found.uid))
    return `it belongs to user ${found.uid}, and not to you`;
  const tooLarge = `it is larger than ${limit / 1024} KiB`;
  if (found.size > limit) return tooLarge;
  const bytes = Buffer.alloc(found.size + 1);
  let filled = 0;
  for (;;) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
    filled += bytesRead;
    if (bytesRead === 0) return bytes.subarray(0, filled);
    // it grows while it is read
    if (filled === bytes.length) return undefined;
  }
}

/** Where the opened file is: Linux says it of the file itself, whatever its name is now. */
async function pathOf(handle: fs.FileHandle, path: string): Promise<string> {
  try {
    return await fs.readlink(`/proc/self/fd/${handle.fd}`);
  } catch {
    return fs.realpath(path);
  }
}

interface Kind {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

function oddKind(found: Kind): string | undefined {
  if (found.isFile()) return undefined;
  if (found.isSymbolicLink()) return "a link";
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a pipe";
  return found.isSocket() ? "a socket" : "a device";
}

function wordOdd(what: string): string {
  return `it is ${what}, and only regular files of the project are read`;
}

function rethrow(error: unknown): never {
  throw error;
}
