import { join } from "node:path";
import { createTemp, removeLeftovers, type TempFile } from "../host/temp-file.js";
import { ok, type Result } from "../failure/result.js";
import type { Write } from "./seal-vault.js";
import { randomBytes } from "node:crypto";
import { now } from "../host/clock.js";
import { makeFolder } from "../host/files.js";
import type { Failure } from "../failure/failure.js";

/** The vault's file name in .tazpod/vault. */
export const vaultFileName = "vault.tar.aes";

/** The step just completed; tests stop the process there. */
type StoreStep = "created" | "writing" | "written" | "verified" | "replaced";

/** How to fill, verify and place a new vault. */
export interface Replacement<T> {
  /** .tazpod/vault, absolute. */
  readonly folder: string;
  /** Writes the sealed bytes. */
  readonly fill: (write: Write) => Promise<Result<T>>;
  /** Opens and checks the new file at its temporary path. A failure keeps the old vault. */
  readonly verify: (path: string, filled: T) => Promise<Result<unknown>>;
  /** Called last: returns the path of the new file, in this folder or below; by default the vault's own. */
  readonly target?: (filled: T) => Promise<Result<string>>;
  readonly onStep?: (step: StoreStep) => void;
}

/** The result of a replacement, and the new file's path. */
export interface Replaced<T> {
  readonly filled: T;
  readonly path: string;
}

/**
 * Replaces the sealed vault: temporary file in the same folder (mode 0600), fsync, verify, rename, fsync of the folder.
 * No other tazpod of this machine replaces it between `target` and the rename.
 * After a failure or kill, either the old or the new vault is there, complete; leftovers of killed runs are removed
 * first. Failures: `file`, and those of `fill`, `verify` and `target`, after which the old vault is unchanged.
 */
export async function replaceVault<T>(replacement: Replacement<T>): Promise<Result<Replaced<T>>> {
  // a folder that cannot be cleaned cannot be written either, and writing reports why
  await cleanLeftovers(replacement.folder);
  const temp = await createTemp(replacement.folder, vaultFileName);
  if (!temp.ok) return temp;
  replacement.onStep?.("created");
  const filled = await prepare(replacement, temp.value);
  if (!filled.ok) return (await temp.value.discard(), filled);
  const placed = await withVaultInPlace(replacement.folder, async () => {
    const target = await targetOf(replacement, filled.value);
    if (!target.ok) return (await temp.value.discard(), target);
    const replaced = await temp.value.replace(target.value);
    return replaced.ok ? target : replaced;
  });
  if (!placed.ok) return placed;
  replacement.onStep?.("replaced");
  return ok({ filled: filled.value, path: placed.value });
}

/**
 * Runs `work`, which looks whether the vault is still the one that it expects and then replaces it, while no other tazpod
 * of this machine does.
 */
export async function withVaultInPlace<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const { withNamedLock } = await import("../host/named-lock.js");
  return withNamedLock(join(folder, vaultFileName), work);
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

/** Removes leftovers of killed processes from the folder, not files of live ones. Returns their names. */
export function cleanLeftovers(folder: string): Promise<Result<readonly string[]>> {
  return removeLeftovers(folder);
}

/** Returns a new path in conflicts/ for a vault that must not replace the local one, and creates the folder. */
export async function conflictPath(vaultFolder: string): Promise<Result<string>> {
  const folder = join(vaultFolder, "conflicts");
  const stamp = now()
    .toISOString()
    .replace(/[-:]|\.\d+Z$/g, "");
  const made = await makeFolder(folder);
  if (!made.ok) return made;
  return ok(join(folder, `vault-${stamp}-${randomBytes(3).toString("hex")}.tar.aes`));
}

/** Returns the conflict failure about a vault that was saved there. */
export function savedAsConflict(path: string): Failure {
  return {
    kind: "conflict",
    message: `The vault on this host was replaced while it was open, so it was not overwritten. The open content was saved to ${path}.`,
    hint: "Run `tazpod save --force` to replace this host's vault with the open content, or `tazpod lock --discard` to close it.",
  };
}

/** Returns the conflict failure about a vault that another process replaced while this one prepared its change. */
export function replacedMeanwhile(path: string): Failure {
  return {
    kind: "conflict",
    message: `Another tazpod replaced ${path} in the meantime, so it was not changed.`,
    hint: "Run it again.",
  };
}
