import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

const made: string[] = [];

/** Creates a private folder in RAM, to be the XDG_RUNTIME_DIR of a host. */
export async function ramFolder(): Promise<string> {
  const folder = await mkdtemp(join("/dev/shm", "tazpod-test-"));
  made.push(folder);
  return folder;
}

/** For an `after` hook. */
export async function removeRamFolders(): Promise<void> {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
}
