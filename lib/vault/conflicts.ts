import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { now } from "../host/clock.js";
import { makeFolder } from "../host/files.js";
import type { Failure } from "../failure/failure.js";
import { ok, type Result } from "../failure/result.js";

/** A path for a sealed vault that must not take the place of the local one; its folder is there then. */
export async function conflictPath(vaultFolder: string): Promise<Result<string>> {
  const folder = join(vaultFolder, "conflicts");
  const stamp = now()
    .toISOString()
    .replace(/[-:]|\.\d+Z$/g, "");
  const made = await makeFolder(folder);
  if (!made.ok) return made;
  return ok(join(folder, `vault-${stamp}-${randomBytes(3).toString("hex")}.tar.aes`));
}

/** What to say of a vault that was kept there. */
export function savedAsConflict(path: string): Failure {
  return {
    kind: "conflict",
    message: `The vault on this host was replaced while it was open, so it was not overwritten. What was open is sealed in ${path}.`,
    hint: "`tazpod lock --discard` closes it; `tazpod save --force` makes what is open the vault of this host.",
  };
}
