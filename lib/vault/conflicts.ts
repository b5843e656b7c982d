import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { now } from "../host/clock.js";
import { makeFolder, writeAtomic } from "../host/files.js";
import { fail, type Result } from "../result.js";

/** Keeps a sealed vault that must not take the place of the local one; the failure says where. Nothing is replaced. */
export async function keepConflict(vaultFolder: string, bytes: Buffer): Promise<Result<never>> {
  const folder = join(vaultFolder, "conflicts");
  const stamp = now()
    .toISOString()
    .replace(/[-:]|\.\d+Z$/g, "");
  const path = join(folder, `vault-${stamp}-${randomBytes(3).toString("hex")}.tar.aes`);
  const made = await makeFolder(folder);
  if (!made.ok) return made;
  const written = await writeAtomic(path, bytes);
  if (!written.ok) return written;
  return fail({
    kind: "conflict",
    message: `The vault on this host was replaced while it was open, so it was not overwritten. What was open is sealed in ${path}.`,
    hint: "`tazpod lock --discard` closes it; `tazpod save --force` makes what is open the vault of this host.",
  });
}
