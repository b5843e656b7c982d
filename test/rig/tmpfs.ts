import { execFileSync } from "node:child_process";
import { mkdir, rm, statfs, writeFile } from "node:fs/promises";

/** A small disk of its own, mounted at a folder; only root can. */
export interface Tmpfs {
  /** Takes all of its room but this many bytes. */
  fill(left: number): Promise<void>;
  readOnly(): void;
  /** With room again, and to be written. */
  ease(): Promise<void>;
}

/** Runs `work` with a tmpfs at `folder`, which is made if need be. */
export async function onTmpfs(
  folder: string,
  size: string,
  work: (disk: Tmpfs) => Promise<void>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]);
  const filler = `${folder}/filler`;
  const disk: Tmpfs = {
    async fill(left) {
      const { bavail, bsize } = await statfs(folder);
      await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - left)));
    },
    readOnly: () => void execFileSync("mount", ["-o", "remount,ro", folder]),
    async ease() {
      execFileSync("mount", ["-o", "remount,rw", folder]);
      await rm(filler, { force: true });
    },
  };
  try {
    await work(disk);
  } finally {
    execFileSync("umount", ["-l", folder]);
  }
}
