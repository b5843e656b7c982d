import { execFileSync } from "node:child_process";
import { mkdir, rm, statfs, writeFile } from "node:fs/promises";

/** A small file system mounted at a folder; needs root. */
export interface Tmpfs {
  /** Fills it except for this many bytes. */
  fill(left: number): Promise<void>;
  readOnly(): void;
  /** Makes it writable again, with free space. */
  ease(): Promise<void>;
}

/** Runs `work` with a tmpfs at `folder`, creating the folder if necessary. */
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
