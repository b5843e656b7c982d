import { dirname } from "node:path";
import { fileHash } from "../host/file-hash.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import type { VaultFormat } from "./vault-format.js";
import { type Inspected, vaultContent, inspectVault } from "./inspect-vault.js";
import { replacedMeanwhile } from "./store.js";
import { changeState } from "./vault-state.js";
import { type SealedVault, sealInto, type SealRequest } from "./seal-into.js";

/** Which vault to seal again. */
export interface ResealRequest extends Pick<SealRequest, "onStep"> {
  /** The local vault, absolute. */
  readonly path: string;
  readonly from: Secret;
  readonly to: Secret;
  /** The current format by default. */
  readonly format?: VaultFormat | undefined;
  /** Decides whether to continue with this vault, before anything is written. */
  readonly accept?: (opened: Inspected) => Promise<Result<void>>;
}

/**
 * Seals a vault's content again, with another passphrase. The old file is read completely first, and the new one is
 * verified before it replaces it; a vault that another process replaced is left alone. Failures: `conflict`, and those
 * of `inspectVault`, `accept` and `sealInto`; then the old vault is unchanged.
 */
export async function reseal({
  path,
  from,
  to,
  format,
  accept,
  onStep,
}: ResealRequest): Promise<Result<SealedVault>> {
  const old = await inspectVault(path, from);
  if (!old.ok) return old;
  const { sha256, summary } = old.value;
  const accepted = await accept?.(old.value);
  if (accepted?.ok === false) return accepted;
  const sealed = await sealInto({
    folder: dirname(path),
    source: () => vaultContent(path, from),
    passphrase: to,
    format: format ?? old.value.format,
    limitBytes: Number.MAX_SAFE_INTEGER,
    from: {
      generation: summary.manifest?.generation ?? 0,
      parent: { sealed: sha256, content: summary.digest },
      audit: summary.manifest?.audit,
    },
    target: () => unchanged(path, sha256),
    onStep,
  });
  // a merge then knows which passphrase is the newer one; a failure to record is ignored
  if (sealed.ok) await changeState(dirname(path), (state) => ({ ...state, passphraseChanged: true }));
  // the omitted paths are those found when the old vault was read
  return sealed.ok
    ? ok({ ...sealed.value, summary: { ...sealed.value.summary, dropped: summary.dropped } })
    : sealed;
}

async function unchanged(path: string, sha256: string): Promise<Result<string>> {
  const here = await fileHash(path);
  if (!here.ok) return here;
  if (here.value === sha256) return ok(path);
  return fail(replacedMeanwhile(path));
}
