import { fileHash } from "../host/file-hash.js";
import { keepBackup, stat } from "../host/files.js";
import { ok, type Result } from "../failure/result.js";
import { vaultContent, inspectVault } from "./inspect-vault.js";
import type { SealedFile } from "./archive/merged-tar.js";
import { type SealRequest, sealInto } from "./seal-into.js";

/** Which copy to restore, and what it replaces. */
export interface RestoreRequest extends Pick<SealRequest, "passphrase"> {
  readonly copy: SealedFile;
  /** The local vault, absolute, which is replaced. */
  readonly path: string;
  /** .tazpod/vault, absolute. */
  readonly folder: string;
  /** The lowest generation to count from. */
  readonly generation: number;
  /** SHA-256 (hex) that the local vault must still have; undefined when there must be none. */
  readonly replaces: string | undefined;
  /** Whether to keep the replaced vault as vault.tar.aes.bak-N. */
  readonly backup: boolean;
  /** Returns the failure when another process replaced the local vault. */
  readonly onReplaced: () => Result<never>;
}

/**
 * Seals a copy's content as a new generation and replaces the local vault with it; `passphrase` seals it and may differ
 * from the copy's. Returns the backup's path, if one was made. Failures: `onReplaced`, and those of `inspectVault` and
 * `sealInto`; then the local vault is unchanged.
 */
export async function restoreInto(request: RestoreRequest): Promise<Result<string | undefined>> {
  const { copy, path, folder, passphrase, replaces, onReplaced } = request;
  const found = await inspectVault(copy.path, copy.passphrase);
  if (!found.ok) return found;
  const { summary, sha256, format } = found.value;
  let backup: string | undefined;
  const sealed = await sealInto({
    folder,
    source: () => vaultContent(copy.path, copy.passphrase),
    passphrase,
    format,
    limitBytes: Number.MAX_SAFE_INTEGER,
    from: {
      generation: Math.max(request.generation, summary.manifest?.generation ?? 0),
      parent: { sealed: sha256, content: summary.digest },
      audit: summary.manifest?.audit,
    },
    target: async () => {
      const here = await hashOf(path);
      if (!here.ok) return here;
      if (here.value !== replaces) return onReplaced();
      if (!request.backup) return ok(path);
      const kept = await keepBackup(path);
      if (!kept.ok) return kept;
      backup = kept.value;
      return ok(path);
    },
  });
  return sealed.ok ? ok(backup) : sealed;
}

async function hashOf(path: string): Promise<Result<string | undefined>> {
  const here = await stat(path);
  if (!here.ok) return here;
  return here.value === undefined ? ok(undefined) : fileHash(path);
}
