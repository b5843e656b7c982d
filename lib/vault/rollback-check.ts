import { fail, ok, type Result } from "../failure/result.js";
import type { Manifest } from "./archive/manifest.js";
import { joinHeads } from "./audit-heads.js";
import { changeState, readState, type SealedRecord } from "./vault-state.js";

/** A sealed file that was opened. */
export interface OpenedFile {
  /** SHA-256 of the sealed file, hex. */
  readonly sha256: string;
  /** Digest of its content, hex. */
  readonly content: string;
  /** Missing in vaults of the Go tazpod. */
  readonly manifest: Manifest | undefined;
}

/**
 * Checks that an opened vault is not older than the newest one that this host opened or sealed, by the sealed
 * generation: unlike a remote's metadata, it cannot be forged without the passphrase. Vaults without a manifest are not
 * checked. Failure: `vault-rollback`.
 */
export async function checkNotOlder(
  vaultFolder: string,
  path: string,
  { sha256, manifest }: OpenedFile,
): Promise<Result<void>> {
  const read = await readState(vaultFolder);
  if (!read.ok) return read;
  const { newest } = read.value.state;
  if (newest === undefined || manifest === undefined || newest.sha256 === sha256) return ok(undefined);
  if (manifest.generation >= newest.generation) return ok(undefined);
  const { host, time, generation: found } = manifest;
  return fail({ kind: "vault-rollback", path, found, seen: newest.generation, host, time });
}

/** Records the newest vault of this host. Returns whether it is the first one. */
export async function recordNewest(
  vaultFolder: string,
  { sha256, content, manifest }: OpenedFile,
): Promise<Result<boolean>> {
  const newest: SealedRecord = { sha256, generation: manifest?.generation ?? 0, content };
  let isFirst = false;
  const changed = await changeState(vaultFolder, (state) => {
    isFirst = state.newest === undefined;
    const audit = joinHeads(state.audit, manifest?.audit);
    const isKnown = audit.length === 0 || audit === state.audit;
    if (state.newest?.sha256 === sha256 && isKnown) return state;
    return { ...state, newest, ...(isKnown ? {} : { audit }) };
  });
  return changed.ok ? ok(isFirst) : changed;
}
