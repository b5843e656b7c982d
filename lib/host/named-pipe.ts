import { spawnSync } from "node:child_process";
import { constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The ends of a pipe, as file descriptors. */
export interface PipeEnds {
  readonly read: number;
  readonly write: number;
}

/**
 * Makes a pipe that its readers and writers can also open by /dev/stdin, /dev/stdout and /dev/stderr, whichever user they
 * are; what Node makes for a program is a socket, which cannot be opened. It has no name any more. Undefined without
 * mkfifo(1), or a folder for it.
 */
export function makePipe(): PipeEnds | undefined {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), "tazpod-pipe-"));
    const path = join(folder, "pipe");
    if (spawnSync("mkfifo", ["-m", "666", path]).status !== 0) return undefined;
    // first the end that does not wait for the other
    const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { read, write: openSync(path, constants.O_WRONLY) };
  } catch {
    return undefined;
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}
