import * as fs from "node:fs/promises";
import { join } from "node:path";
import { fail, ok, type Result } from "../result.js";
import { attempt } from "./file-failure.js";

/** Of statfs(2): what such a file system holds is in RAM only (or in swap). */
const inRam = new Set([0x01021994, 0x858458f6]);

/**
 * A folder of this user's for what must not reach a disk and ends with the login: `tazpod/NAME` in XDG_RUNTIME_DIR or
 * /run/user/UID, else `tazpod-UID/NAME` in /dev/shm. Made with mode 0700. Failure: `file` with EPERM when there is none
 * that is the user's alone and in RAM.
 */
export async function runtimeFolder(...name: readonly string[]): Promise<Result<string>> {
  const uid = process.getuid?.() ?? -1;
  const given = process.env["XDG_RUNTIME_DIR"];
  const tops = [
    ...(given === undefined || given === "" ? [] : [join(given, "tazpod")]),
    `/run/user/${uid}/tazpod`,
    `/dev/shm/tazpod-${uid}`,
  ];
  for (const top of tops) {
    if (!(await isOwn(top, uid))) continue;
    const folder = join(top, ...name);
    const made = await attempt("create the folder", folder, () =>
      fs.mkdir(folder, { recursive: true, mode: 0o700 }),
    );
    return made.ok ? ok(folder) : made;
  }
  const detail = "neither XDG_RUNTIME_DIR nor /dev/shm has a folder in RAM that is yours alone";
  return fail({ kind: "file", action: "use", path: tops[0] ?? "", code: "EPERM", detail });
}

/** Made now, or found: a folder and no link, this user's, closed to all others, in RAM. */
async function isOwn(path: string, uid: number): Promise<boolean> {
  try {
    await fs.mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    const [found, system] = await Promise.all([fs.lstat(path), fs.statfs(path)]);
    return found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0 && inRam.has(system.type);
  } catch {
    return false;
  }
}
