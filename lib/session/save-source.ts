import { packFolder } from "../secrets-folder/pack.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { ok, type Result } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { type ArchiveSummary, normalise } from "../vault/archive/normalise.js";
import { archiveDigest } from "../vault/archive/manifest.js";
import type { VaultFormat } from "../vault/vault-format.js";
import { listVault } from "../vault/inspect-vault.js";
import type { OpenParts } from "../vault/vault-parts.js";
import type { SealedVault, TarSource } from "../vault/seal-into.js";
import { withClosed } from "../vault/archive/with-closed.js";
import type { StepContext } from "./step.js";

interface SaveSourceOptions {
  readonly secrets: SecretsFolder;
  /** Open parts; undefined means all. */
  readonly opening: OpenParts | undefined;
  readonly passphrase: Secret;
  readonly format: VaultFormat;
  readonly limitBytes: number;
  readonly lenient: boolean;
}

interface SaveSource {
  readonly open: () => TarSource;
  /** The digest of the RAM folder, if that is not all of what was sealed. */
  readonly digest: (sealed: SealedVault) => string | undefined;
  /** Files found in closed parts in the last read. */
  readonly strays: () => Strays;
}

interface Strays {
  /** Files that are not sealed, because the sealed part has something else or nothing there. */
  readonly leftOut: readonly string[];
  /** Parts that are sealed for the first time; they count as open from then on. */
  readonly newParts: readonly string[];
}

const noStrays: Strays = { leftOut: [], newParts: [] };

/**
 * Returns what a save seals: the RAM folder, and the closed parts of the sealed vault. Failures: those of reading that
 * vault.
 */
export async function saveSource(
  context: StepContext,
  wanted: SaveSourceOptions,
): Promise<Result<SaveSource>> {
  const { secrets, opening, passphrase, format, limitBytes, lenient } = wanted;
  const ram = (): ReturnType<typeof packFolder> => packFolder(secrets, { signal: context.signal, lenient });
  if (opening === undefined) return ok({ open: ram, digest: () => undefined, strays: () => noStrays });
  const path = context.project.vaultFile;
  const listed = await listVault(path, passphrase);
  if (!listed.ok) return listed;
  const hardLinks = new Set<string>();
  let last: ArchiveSummary | undefined;
  let strays = (): Strays => noStrays;
  const open = (): TarSource => {
    const packed = ram();
    const archive = normalise(packed.tar, { limitBytes, format, lenient, hardLinks });
    const [leftOut, newParts] = [new Set<string>(), new Set<string>()];
    strays = () => ({ leftOut: [...leftOut], newParts: [...newParts] });
    const tar = withClosed({
      onLeftOut: (path) => leftOut.add(path),
      onNewPart: (part) => newParts.add(part),
      tar: archive.tar,
      opening,
      vault: { path, passphrase },
      sealed: listed.value.entries,
    });
    const done = Promise.all([packed.done, archive.summary]).then(([complaints, summary]) => {
      if (summary.ok) last = summary.value;
      if (!complaints.ok || !summary.ok) return complaints;
      return ok({ ...complaints.value, unread: [...complaints.value.unread, ...summary.value.dropped] });
    });
    return { tar, done };
  };
  const digest = ({ changedWhileReading }: SealedVault): string | undefined =>
    last && archiveDigest(last.entries.filter(({ entry }) => !changedWhileReading.includes(entry.path)));
  return ok({ open, digest, strays: () => strays() });
}
