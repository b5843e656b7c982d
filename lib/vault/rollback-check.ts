import { fail, ok, type Result } from "../failure/result.js";
import type { Manifest } from "./archive/manifest.js";
import { changeState, readState, type SealedRecord } from "./vault-state.js";

/** What is known of a sealed file that has opened. */
export interface OpenedFile {
  /** Of the sealed file, hex. */
  readonly sha256: string;
  /** Digest of its content, hex. */
  readonly content: string;
  /** Missing in vaults of the Go tazpod. */
  readonly manifest: Manifest | undefined;
}

/**
 * Whether a vault that opened here may be one to go on with: its generation, which is sealed with it, is not below the
 * highest that this host has opened or sealed. Metadata of a remote can claim anything; this cannot be made up without the
 * passphrase. A vault without a manifest cannot be told apart from an older one. Failure: `vault-rollback`.
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

/** Notes the vault that this host goes on from. Returns whether it is the first one that is noted here. */
export async function recordNewest(
  vaultFolder: string,
  { sha256, content, manifest }: OpenedFile,
): Promise<Result<boolean>> {
  const newest: SealedRecord = { sha256, generation: manifest?.generation ?? 0, content };
  let isFirst = false;
  const changed = await changeState(vaultFolder, (state) => {
    isFirst = state.newest === undefined;
    return state.newest?.sha256 === sha256 ? state : { ...state, newest };
  });
  return changed.ok ? ok(isFirst) : changed;
}
