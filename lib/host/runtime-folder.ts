import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import { fail, ok, type Result } from "../failure/result.js";
import { attempt } from "./file-failure.js";

/** Types (statfs(2)) of file systems in RAM (or swap): tmpfs and ramfs. */
const inRam = new Set([0x01021994, 0x858458f6]);

/**
 * Returns a folder of this user for data that must not reach a disk and ends with the login: `tazpod/NAME` in
 * XDG_RUNTIME_DIR or /run/user/UID, else `tazpod-UID/NAME` in /dev/shm. Created with mode 0700. Failure: `file` with
 * EPERM if none of them is in RAM and private to the user; its detail gives the reasons.
 */
export async function runtimeFolder(...name: readonly string[]): Promise<Result<string>> {
  const uid = process.getuid?.() ?? -1;
  const given = process.env["XDG_RUNTIME_DIR"];
  const tops = [
    ...(given === undefined || given === "" ? [] : [join(given, "tazpod")]),
    `/run/user/${uid}/tazpod`,
    `/dev/shm/tazpod-${uid}`,
  ];
  const reasons: string[] = [];
  for (const top of new Set(tops)) {
    const reason = await folderProblem(top);
    if (reason !== undefined) {
      reasons.push(reason);
      continue;
    }
    const folder = join(top, ...name);
    const made = await attempt("create the folder", folder, () =>
      fs.mkdir(folder, { recursive: true, mode: 0o700 }),
    );
    return made.ok ? ok(folder) : made;
  }
  return fail({
    kind: "file",
    action: "use",
    path: tops[0] ?? "",
    code: "EPERM",
    detail: `there is no private folder in RAM (${reasons.join("; ")})`,
  });
}

/**
 * Returns why a folder is not in RAM and private to this user, or undefined if it is. Creates it, with mode 0700, if
 * only it is missing.
 */
export async function folderProblem(path: string): Promise<string | undefined> {
  const uid = process.getuid?.() ?? -1;
  try {
    await fs.mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    const [found, system] = await Promise.all([fs.lstat(path), fs.statfs(path)]);
    if (!found.isDirectory()) return `${path} is not a folder`;
    if (!inRam.has(system.type)) return `${path} is on a disk`;
    if (found.uid !== uid) return `${path} belongs to user ${found.uid}`;
    if ((found.mode & 0o077) !== 0)
      return `${path} is accessible to other users (mode ${(found.mode & 0o777).toString(8)})`;
    return undefined;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return `${dirname(path)} does not exist`;
    return `${path} cannot be used: ${code}`;
  }
}

/** Returns the free bytes of the file system that a folder is on. Failure: `file`. */
export function freeBytes(folder: string): Promise<Result<number>> {
  return attempt("look at", folder, async () => {
    const { bavail, bsize } = await fs.statfs(folder);
    return bavail * bsize;
  });
}

/** Returns the inode number of a folder that passes `folderProblem`; undefined if there is none. */
export async function inodeOf(folder: string): Promise<number | undefined> {
  const found = await fs.lstat(folder).catch(() => undefined);
  return found !== undefined && (await folderProblem(folder)) === undefined ? found.ino : undefined;
}
