import { join } from "node:path";
import { createTemp, removeLeftovers, type TempFile } from "../host/temp-file.js";
import { ok, type Result } from "../failure/result.js";
import type { Write } from "./seal-vault.js";
import { randomBytes } from "node:crypto";
import { now } from "../host/clock.js";
import { makeFolder } from "../host/files.js";
import type { Failure } from "../failure/failure.js";

/** The names in .tazpod/vault. */
export const vaultFileName = "vault.tar.aes";

/** What has just been done; tests stop the process there. */
type StoreStep = "created" | "writing" | "written" | "verified" | "replaced";

export interface Replacement<T> {
  /** .tazpod/vault, absolute. */
  readonly folder: string;
  /** Writes the sealed bytes. */
  readonly fill: (write: Write) => Promise<Result<T>>;
  /** Opens the new file, where it lies now, and says whether it is good. Nothing is replaced when it is not. */
  readonly verify: (path: string, filled: T) => Promise<Result<unknown>>;
  /** Asked last: the path that the new file is to have, in this folder or below; the vault's own unless given. */
  readonly target?: (filled: T) => Promise<Result<string>>;
  readonly onStep?: (step: StoreStep) => void;
}

export interface Replaced<T> {
  readonly filled: T;
  readonly path: string;
}

/**
 * Replaces the sealed vault: a temporary file in the same folder (mode 0600), fsync, verify, rename, fsync of the
 * folder. Whatever fails or is killed, the old vault or the new one is there, whole; what a killed one left is removed
 * first. Failures: `file`, and those of `fill`, `verify` and `target`; then the temporary file is gone and the old vault
 * untouched.
 */
export async function replaceVault<T>(replacement: Replacement<T>): Promise<Result<Replaced<T>>> {
  // what cannot be removed cannot be added to either, and that says why
  await cleanLeftovers(replacement.folder);
  const temp = await createTemp(replacement.folder, vaultFileName);
  if (!temp.ok) return temp;
  replacement.onStep?.("created");
  const filled = await prepare(replacement, temp.value);
  if (!filled.ok) return (await temp.value.discard(), filled);
  const target = await targetOf(replacement, filled.value);
  if (!target.ok) return (await temp.value.discard(), target);
  const replaced = await temp.value.replace(target.value);
  if (!replaced.ok) return replaced;
  replacement.onStep?.("replaced");
  return ok({ filled: filled.value, path: target.value });
}

async function targetOf<T>({ folder, target }: Replacement<T>, filled: T): Promise<Result<string>> {
  return target === undefined ? ok(join(folder, vaultFileName)) : target(filled);
}

async function prepare<T>({ fill, verify, onStep }: Replacement<T>, temp: TempFile): Promise<Result<T>> {
  const filled = await fill(async (piece) => {
    const written = await temp.write(piece);
    if (written.ok) onStep?.("writing");
    return written;
  });
  if (!filled.ok) return filled;
  const finished = await temp.finish();
  if (!finished.ok) return finished;
  onStep?.("written");
  const verified = await verify(temp.path, filled.value);
  if (!verified.ok) return verified;
  onStep?.("verified");
  return filled;
}

/** Removes what a killed tazpod left in the folder; files of a process that lives stay. Returns the names. */
export function cleanLeftovers(folder: string): Promise<Result<readonly string[]>> {
  return removeLeftovers(folder);
}

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
