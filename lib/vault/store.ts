import { join } from "node:path";
import { removeLeftovers, createTemp, type TempFile } from "../host/temp-file.js";
import { ok, type Result } from "../result.js";

/** The names in .tazpod/vault. */
export const vaultFileName = "vault.tar.aes";

/** What has just been done; tests stop the process there. */
type StoreStep = "created" | "writing" | "written" | "verified" | "replaced";

export interface Replacement {
  /** .tazpod/vault, absolute. */
  readonly folder: string;
  readonly bytes: Buffer;
  /** Opens the new file, where it lies now, and says whether it is good. Nothing is replaced when it is not. */
  readonly verify: (path: string) => Promise<Result<unknown>>;
  readonly onStep?: (step: StoreStep) => void;
}

const pieceBytes = 1024 * 1024;

/**
 * Replaces the sealed vault: a temporary file in the same folder (mode 0600), fsync, verify, rename, fsync of the
 * folder. Whatever fails or is killed, the old vault or the new one is there, whole. Failures: `file`, and those of
 * `verify`; then the temporary file is gone and the old vault untouched.
 */
export async function replaceVault(replacement: Replacement): Promise<Result<void>> {
  const temp = await createTemp(replacement.folder, vaultFileName);
  if (!temp.ok) return temp;
  replacement.onStep?.("created");
  const ready = await prepare(replacement, temp.value);
  if (!ready.ok) {
    await temp.value.discard();
    return ready;
  }
  const replaced = await temp.value.replace(join(replacement.folder, vaultFileName));
  if (replaced.ok) replacement.onStep?.("replaced");
  return replaced;
}

async function prepare({ bytes, verify, onStep }: Replacement, temp: TempFile): Promise<Result<void>> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const written = await temp.write(bytes.subarray(at, at + pieceBytes));
    if (!written.ok) return written;
    onStep?.("writing");
  }
  const finished = await temp.finish();
  if (!finished.ok) return finished;
  onStep?.("written");
  const verified = await verify(temp.path);
  if (!verified.ok) return verified;
  onStep?.("verified");
  return ok(undefined);
}

/** Removes what a killed tazpod left in the folder; files of a process that lives stay. Returns the names. */
export function cleanLeftovers(folder: string): Promise<Result<readonly string[]>> {
  return removeLeftovers(folder);
}
