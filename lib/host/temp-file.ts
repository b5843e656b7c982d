import * as fs from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ok, type Result } from "../failure/result.js";
import { attempt, errno } from "./file-failure.js";
import { processStart } from "./process-identity.js";
import { Writer } from "./writer.js";

/** A temporary file next to the one it will replace. */
export interface TempFile {
  readonly path: string;
  /**
   * Appends data. Small chunks are collected, and errors of the disk are returned by a later call, at the latest by
   * `finish`. The caller must not change the data afterwards.
   */
  write(data: string | Uint8Array): Promise<Result<void>>;
  /** Syncs the data to the disk and closes the file. May be called again. */
  finish(): Promise<Result<void>>;
  /**
   * Calls `finish`, renames the file to `target` (on the same file system) and syncs the folder. On failure the
   * temporary file is removed.
   */
  replace(target: string): Promise<Result<void>>;
  /** Closes and removes the file. Never fails. */
  discard(): Promise<void>;
}

/**
 * `.NAME.tmp-PID-RANDOM`, with `.link` for one that may be a link: the pid tells whether the owner is alive, so that
 * leftovers can be removed.
 */
const pattern = /^\..+\.tmp-(\d+)-[0-9a-f]{12}(?:\.link)?$/;
/** Maximum difference between a file's time and a process's start time, in ms. */
const clockErrorMs = 5_000;

/** Creates a file in `folder` that no other process has open, with exactly this mode. */
export async function createTemp(folder: string, name: string, mode = 0o600): Promise<Result<TempFile>> {
  const path = tempPath(folder, name);
  const opened = await attempt("create", path, async () => {
    const handle = await fs.open(path, "wx", mode);
    await handle.chmod(mode);
    return handle;
  });
  if (!opened.ok) return opened;
  return ok(tempFile(path, opened.value));
}

/**
 * Links the file `from` under a temporary name in `folder`, so that its bytes survive while `from` is replaced. Copies
 * it if the file system has no links. The caller removes it.
 */
export function linkTemp(folder: string, name: string, from: string): Promise<Result<string>> {
  const path = `${tempPath(folder, name)}.link`;
  return attempt("keep", from, async () => {
    try {
      await fs.link(from, path);
    } catch (error) {
      if (errno(error) === "ENOENT") throw error;
      await fs.copyFile(from, path, fs.constants.COPYFILE_EXCL);
    }
    return path;
  });
}

/** Copies `from` to `to`, replacing it atomically once all bytes are on the disk. */
export async function copyAtomic(from: string, to: string): Promise<Result<void>> {
  const path = tempPath(dirname(to), basename(to));
  const copied = await attempt("keep", to, async () => {
    await fs.copyFile(from, path, fs.constants.COPYFILE_EXCL);
    const handle = await fs.open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(path, to);
  });
  if (copied.ok) return syncFolder(dirname(to));
  await fs.rm(path, { force: true }).catch(() => undefined);
  return copied;
}

/** Renames `from` to `to` (on the same file system), which it replaces, and syncs the folder. */
export async function replaceFile(from: string, to: string): Promise<Result<void>> {
  const renamed = await attempt("replace", to, () => fs.rename(from, to));
  return renamed.ok ? syncFolder(dirname(to)) : renamed;
}

/** Returns a temporary path for `name`, which shows whether its owner is alive. */
export function tempPath(folder: string, name: string): string {
  // the global `crypto`, since loading node:crypto would dominate a short run
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString("hex");
  return join(folder, `.${name}.tmp-${process.pid}-${random}`);
}

function tempFile(path: string, handle: fs.FileHandle): TempFile {
  const writer = new Writer(path, handle);
  const discard = async (): Promise<void> => {
    await writer.close();
    await fs.rm(path, { force: true }).catch(() => undefined);
  };
  return {
    path,
    discard,
    write: (data) => writer.write(data),
    finish: () => writer.finish(),
    async replace(target) {
      const finished = await writer.finish();
      if (!finished.ok) return (await discard(), finished);
      const replaced = await replaceFile(path, target);
      if (!replaced.ok) await discard();
      return replaced;
    },
  };
}

/** Syncs a folder's entries to the disk, if its file system can do that. */
export function syncFolder(folder: string): Promise<Result<void>> {
  return attempt("sync the folder", folder, async () => {
    const handle = await fs.open(folder, "r");
    try {
      await handle.sync();
    } catch (error) {
      if (!["EINVAL", "ENOTSUP", "ENOSYS"].includes(errno(error) ?? "")) throw error;
    } finally {
      await handle.close();
    }
  });
}

/** Removes temporary files and folders in `folder` whose owner has ended. Returns their names. */
export async function removeLeftovers(folder: string): Promise<Result<readonly string[]>> {
  return attempt("clean", folder, async () => {
    const removed: string[] = [];
    for (const name of await fs
      .readdir(folder)
      .catch((error) => (errno(error) === "ENOENT" ? [] : Promise.reject(error)))) {
      const pid = pattern.exec(name)?.[1];
      if (pid === undefined) continue;
      const path = join(folder, name);
      if (await isInUse(path, Number(pid))) continue;
      await fs.rm(path, { force: true, recursive: true });
      removed.push(name);
    }
    return removed;
  });
}

/**
 * Tells whether the owner is alive. A process that started after the file was made only has the same pid. A link is as old as
 * its content, and only its change time tells when it was made, or later.
 */
async function isInUse(path: string, pid: number): Promise<boolean> {
  if (!alive(pid)) return false;
  const [start, found] = await Promise.all([processStart(pid), fs.stat(path).catch(() => undefined)]);
  if (start === undefined || found === undefined) return true;
  return (path.endsWith(".link") ? found.ctimeMs : found.mtimeMs) + clockErrorMs > start;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errno(error) === "EPERM";
  }
}
