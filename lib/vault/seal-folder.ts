import type { Readable } from "node:stream";
import { fail, ok, type Result } from "../result.js";
import type { Secret } from "../secret.js";
import { normalise, type ArchiveSummary } from "./archive.js";
import type { VaultFormat } from "./format.js";
import { openVault } from "./open.js";
import { sealVault } from "./seal.js";
import { sha256, type SealedFile } from "./sealed-file.js";
import { replaceVault } from "./store.js";

export interface Sealed extends SealedFile {
  readonly summary: ArchiveSummary;
}

/** Seals a tar of unknown make under the archive policy. Failures: those of `normalise` and `sealVault`. */
export async function sealArchive(
  tar: Readable,
  passphrase: Secret,
  format: VaultFormat,
  limitBytes: number,
): Promise<Result<Sealed>> {
  const archive = normalise(tar, { limitBytes, format });
  const [bytes, summary] = await Promise.all([sealVault(archive.tar, passphrase, format), archive.summary]);
  if (!summary.ok) return summary;
  return bytes.ok ? ok({ bytes: bytes.value, sha256: sha256(bytes.value), summary: summary.value }) : bytes;
}

/** Makes a sealed vault the local one, once it has been opened where it lies and found to hold the same content. */
export async function storeSealed(
  folder: string,
  sealed: Sealed,
  passphrase: Secret,
  limitBytes: number,
): Promise<Result<void>> {
  return replaceVault({
    folder,
    bytes: sealed.bytes,
    verify: (path) => verify(path, sealed.summary.digest, passphrase, limitBytes),
  });
}

async function verify(
  path: string,
  digest: string,
  passphrase: Secret,
  limitBytes: number,
): Promise<Result<void>> {
  const opened = await openVault(path, passphrase);
  if (!opened.ok) return opened;
  const { tar, summary } = normalise(opened.value.tar, { limitBytes, format: opened.value.format });
  tar.resume();
  const found = await summary;
  if (!found.ok) return found;
  if (found.value.digest === digest) return ok(undefined);
  return fail({ kind: "vault-damaged", path, detail: "what was written does not hold what was sealed" });
}
