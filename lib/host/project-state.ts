import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Result } from "../failure/result.js";
import { attempt, errno } from "./file-failure.js";
import { makeFolder, writeAtomic } from "./files.js";
import { stateFolder } from "./paths.js";
import { tempPath } from "./temp-file.js";

/**
 * Returns the folder with this host's state of a project: `tazpod/projects/ID` in the user's state folder. Neither a
 * program in the container nor the author of the project can write there. It may not exist yet.
 * @param vaultFolder the project's folder for the sealed vault, absolute, without links: ROOT/.tazpod/vault
 */
export function projectState(vaultFolder: string): string {
  const id = createHash("sha256").update(vaultFolder).digest("hex").slice(0, 20);
  return join(stateFolder(), "projects", id);
}

/** Replaces a file of the project's state atomically, creating the folder if necessary. Failure: `file`. */
export async function writeState(vaultFolder: string, name: string, text: string): Promise<Result<void>> {
  const folder = projectState(vaultFolder);
  const made = await makeFolder(folder);
  return made.ok ? writeAtomic(join(folder, name), text) : made;
}

/** Tells whether this host has state of a project. */
export async function hasState(vaultFolder: string): Promise<boolean> {
  return (await fs.lstat(projectState(vaultFolder)).catch(() => undefined)) !== undefined;
}

/**
 * Creates the project's state with these files, by their relative paths, in one step. Returns false and changes nothing
 * if it exists. Failure: `file`.
 */
export async function createState(
  vaultFolder: string,
  files: ReadonlyMap<string, string>,
): Promise<Result<boolean>> {
  const folder = projectState(vaultFolder);
  return attempt("create the folder", folder, async () => {
    if ((await fs.lstat(folder).catch(() => undefined)) !== undefined) return false;
    const made = tempPath(dirname(folder), "new");
    try {
      await fs.mkdir(made, { recursive: true, mode: 0o700 });
      for (const [name, text] of files) {
        await fs.mkdir(dirname(join(made, name)), { recursive: true, mode: 0o700 });
        await fs.writeFile(join(made, name), text, { mode: 0o600 });
      }
      await fs.rename(made, folder);
      return true;
    } catch (error) {
      await fs.rm(made, { recursive: true, force: true });
      // another tazpod was faster
      if (errno(error) === "ENOTEMPTY" || errno(error) === "EEXIST") return false;
      throw error;
    }
  });
}
