import * as fs from "node:fs/promises";
import { join } from "node:path";
import { fail, ok, type Result } from "../failure/result.js";
import { attempt, attemptOptional, errno } from "./file-failure.js";
import { constants } from "./node-fs.js";

/** Larger than any settings, recipe or script. */
const maxBytes = 1024 * 1024;
/** How often a file may be replaced while it is opened. */
const maxTries = 20;

/**
 * Reads a file of a project that another user may have written or may be changing now. It must be a regular file below
 * `root` (absolute, links resolved), reached without links, owned by this user, root or the owner of `root`, and have
 * at most `limit` bytes. Returns undefined if it does not exist. Failure: `file`, with the path but none of the
 * content. Devices and pipes are refused without blocking.
 */
export async function readProjectFile(
  root: string,
  path: string,
  limit = maxBytes,
): Promise<Result<Buffer | undefined>> {
  const refuse = (code: string, detail: string) => fail({ kind: "file", action: "read", path, code, detail });
  if (!isInside(root, path))
    return refuse("EPERM", "it is outside the project, and only the project's files are read");
  for (let tries = 0; tries < maxTries; tries += 1) {
    const found = await attemptOptional("read", path, () => fs.lstat(path));
    if (!found.ok || found.value === undefined) return found.ok ? ok(undefined) : found;
    const special = specialKind(found.value);
    if (special !== undefined)
      return refuse(
        found.value.isSymbolicLink() ? "ELOOP" : "EINVAL",
        `it is ${special}, and only regular files are read`,
      );
    const opened = await attempt("read", path, () => fs.open(path, flags));
    if (!opened.ok) {
      if (opened.failure.kind === "file" && moved.has(opened.failure.code)) continue;
      return opened;
    }
    try {
      const read = await readOpened(opened.value, root, path, limit);
      if (typeof read === "string") return refuse("EINVAL", read);
      if (read !== undefined) return ok(read);
    } catch (error) {
      return refuse(errno(error) ?? rethrow(error), "it cannot be read");
    } finally {
      await opened.value.close();
    }
  }
  return refuse("EBUSY", "it is being replaced all the time");
}

/**
 * Returns the first link, device or pipe among a folder below `root`, its parents and its entries. Undefined if there
 * is none, or no such folder.
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
    if (!found.isDirectory()) return { path, what: specialKind(found) ?? "a file" };
  }
  for (const name of await fs.readdir(path).catch(() => [])) {
    const entry = await fs.lstat(join(path, name)).catch(() => undefined);
    const what = entry === undefined || entry.isDirectory() ? undefined : specialKind(entry);
    if (what !== undefined && what !== "a socket") return { path: join(path, name), what };
  }
  return undefined;
}

/** Tells whether a path exists, even as a broken link. */
export async function pathExists(path: string): Promise<boolean> {
  return (await fs.lstat(path).catch(() => undefined)) !== undefined;
}

/** Tells whether a path is below `root`. */
export function isInside(root: string, path: string): boolean {
  return path.startsWith(root === "/" ? root : `${root}/`) && !/(?:^|\/)\.\.?(?:\/|$)/.test(path);
}

/** O_NONBLOCK: a pipe does not block. O_NOCTTY: a terminal does not become ours. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
/** Errors of opening a file that was replaced after it was checked. */
const moved: ReadonlySet<string> = new Set(["ENOENT", "ELOOP", "ENXIO"]);

/** Returns the bytes, or the reason why they are not read, or undefined if the file was moved since it was opened. */
async function readOpened(
  handle: fs.FileHandle,
  root: string,
  path: string,
  limit: number,
): Promise<Buffer | string | undefined> {
  const found = await handle.stat();
  const real = await pathOf(handle, path);
  // a file that was replaced after it was opened is still the one that was checked
  if (real !== path && real !== `${path} (deleted)`) {
    return isInside(root, real) && (await fs.realpath(path).catch(() => path)) === path
      ? undefined
      : "a parent folder is a link, and only the project's files are read";
  }
  const owners = [process.getuid?.(), 0, (await fs.stat(root)).uid];
  if (process.getuid !== undefined && !owners.includes(found.uid))
    return `it belongs to user ${found.uid}, not to you`;
  const tooLarge = `it is larger than ${limit / 1024} KiB`;
  if (found.size > limit) return tooLarge;
  const bytes = Buffer.alloc(found.size + 1);
  let filled = 0;
  for (;;) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
    filled += bytesRead;
    if (bytesRead === 0) return bytes.subarray(0, filled);
    // it is growing
    if (filled === bytes.length) return undefined;
  }
}

/** Returns the path of an open file. On Linux that is its real path, even after a rename. */
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

/** Returns what something is that is not a regular file. */
export function specialKind(found: Kind): string | undefined {
  if (found.isFile()) return undefined;
  if (found.isSymbolicLink()) return "a link";
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a pipe";
  return found.isSocket() ? "a socket" : "a device";
}

function rethrow(error: unknown): never {
  throw error;
}
