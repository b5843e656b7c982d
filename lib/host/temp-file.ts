import * as fs from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ok, type Result } from "../failure/result.js";
import { attempt, errno } from "./file-failure.js";
import { processStart } from "./process-identity.js";
import { Writer } from "./writer.js";

/** A file being written beside the one it will replace. */
export interface TempFile {
  readonly path: string;
  /**
   * Appends. Small pieces are gathered, and the disk is not waited for: what it says comes with a later call, at the
   * latest with `finish`. The data must stay as it is.
   */
  write(data: string | Uint8Array): Promise<Result<void>>;
  /** Forces what was written to the disk, and closes. Safe to call again. */
  finish(): Promise<Result<void>>;
  /** `finish`, then takes the name `target` (on the same file system) in one step and syncs its folder. On failure the temporary file is gone. */
  replace(target: string): Promise<Result<void>>;
  /** Closes and removes it; never fails. */
  discard(): Promise<void>;
}

/** `.NAME.tmp-PID-RANDOM`: the process that owns it can be told, so that what a dead one left can be removed. */
const pattern = /^\..+\.tmp-(\d+)-[0-9a-f]{12}$/;
/** By how much the time of a file and that of a process may differ. */
const clockErrorMs = 5_000;

/** A new file in `folder` that nobody else has open, with exactly this mode. */
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
 * A second name for the file `from`, in its own folder, named as a temporary file: its bytes stay as they are while
 * `from` is replaced. Where the file system has no links, a copy. The caller removes it.
 */
export function linkTemp(folder: string, name: string, from: string): Promise<Result<string>> {
  const path = tempPath(folder, name);
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

/** A copy of `from` that takes the name `to`, in another file's place if need be, once all of it is on the disk. */
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

/** A name for a file beside `name`, of which one can tell whether the process it belongs to still lives. */
export function tempPath(folder: string, name: string): string {
  // from the global, since loading node:crypto takes longer than most runs have to wait for anything else
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
      const renamed = await attempt("replace", target, () => fs.rename(path, target));
      if (!renamed.ok) return (await discard(), renamed);
      return syncFolder(dirname(target));
    },
  };
}

/** Forces a folder's entries to the disk. File systems that cannot do that for a folder are taken as they are. */
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

/** Removes the temporary files in `folder` whose process is gone. Returns their names. */
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
      await fs.rm(path, { force: true });
      removed.push(name);
    }
    return removed;
  });
}

/** Whether the process that made it lives; one that began after the file was last written only has its number. */
async function isInUse(path: string, pid: number): Promise<boolean> {
  if (!alive(pid)) return false;
  const [start, found] = await Promise.all([processStart(pid), fs.stat(path).catch(() => undefined)]);
  return start === undefined || found === undefined || found.mtimeMs + clockErrorMs > start;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errno(error) === "EPERM";
  }
}
