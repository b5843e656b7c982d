import { packFolder } from "../secrets-folder/pack.js";
import type { Failure } from "../failure/failure.js";
import { fileHash } from "../host/file-hash.js";
import { withProjectLock } from "../project/project-lock.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { summarise } from "../vault/archive/normalise.js";
import { archiveLimit } from "../vault/archive/entry-policy.js";
import { conflictPath } from "../vault/store.js";
import { readFormat } from "../vault/vault-format.js";
import { listVault } from "../vault/inspect-vault.js";
import { omittedPaths, sealInto } from "../vault/seal-into.js";
import { displayPath } from "../host/paths.js";
import { formatBytes, formatFileCount, listNames } from "../host/human.js";
import { type SeparateContainer, sealedDigest } from "./open-separate-container.js";
import { hasPart, moveBase, openInShell } from "./open-in-shell.js";
import { saveSource } from "./save-source.js";
import { describeLeftOut } from "./save-vault.js";
import { sealRamContent } from "./tampered.js";
import type { StepContext } from "./step.js";

/**
 * Seals what a command changed in parts that were open in a separate container; the rest of the vault stays as it is.
 * If those parts have changed in the vault in the meantime, or are open in the shell's container, the result is kept in
 * a separate file (failure `conflict`), so that neither is lost. Failures: those of sealing.
 */
export async function saveSeparateContainer(
  context: StepContext,
  opened: SeparateContainer,
  passphrase: Secret,
): Promise<Result<void>> {
  const { project, options, signal } = context;
  const changed = await isChanged(context, opened);
  if (!changed.ok) return changed;
  if (!changed.value) return ok(undefined);
  if (options.discard) {
    context.terminal.print("The command's changes to the vault are discarded (--discard).");
    return ok(undefined);
  }
  return withProjectLock(project.vaultFolder, signal, () => save(context, opened, passphrase));
}

async function isChanged(
  { options, project, signal }: StepContext,
  { secrets, digest }: SeparateContainer,
): Promise<Result<boolean>> {
  const lenient = options.skipUnreadable;
  const packed = packFolder(secrets, { signal, lenient });
  const limitBytes = archiveLimit(project.config.secretsBytes);
  const reading = summarise(packed.tar, { limitBytes, format: "age", lenient, hardLinks: new Set() });
  const [found, done] = await Promise.all([reading, packed.done]);
  if (!done.ok && found.ok) return done;
  if (!found.ok) return found;
  // what cannot be saved is reported by the save
  const leftOut = done.ok ? [...done.value.unread, ...found.value.dropped] : [];
  return ok(found.value.digest !== digest || leftOut.length > 0);
}

async function save(
  context: StepContext,
  opened: SeparateContainer,
  passphrase: Secret,
): Promise<Result<void>> {
  const { project, options, signal, terminal } = context;
  const { secrets, opening, digest } = opened;
  const here = await fileHash(project.vaultFile, signal);
  if (!here.ok) return here;
  const sealedNow = await sealedDigest(context, passphrase, opening);
  if (!sealedNow.ok) return sealedNow;
  const shell = await openInShell(context);
  if (!shell.ok) return shell;
  const isApart = sealedNow.value === digest && !hasPart(shell.value?.openState, opening.open);
  const listed = await listVault(project.vaultFile, passphrase);
  if (!listed.ok) return listed;
  const format = await readFormat(project.vaultFile);
  if (!format.ok) return format;
  const limitBytes = archiveLimit(project.config.secretsBytes);
  const source = await saveSource(context, {
    secrets,
    opening,
    passphrase,
    format: format.value,
    limitBytes,
    lenient: options.skipUnreadable,
  });
  if (!source.ok) return source;
  const generation = listed.value.manifest?.generation ?? 0;
  const sealed = await sealInto({
    ...{ passphrase, format: format.value, limitBytes, lenient: options.skipUnreadable },
    folder: project.vaultFolder,
    older: options.skipUnreadable ? { path: project.vaultFile, passphrase } : undefined,
    source: source.value.open,
    from: { generation, parent: { sealed: here.value, content: listed.value.manifest?.digest ?? "" } },
    target: async () => {
      const still = await fileHash(project.vaultFile, signal);
      if (!still.ok) return still;
      return isApart && still.value === here.value
        ? ok(project.vaultFile)
        : conflictPath(project.vaultFolder);
    },
  });
  if (!sealed.ok) return sealed;
  const without = omittedPaths(sealed.value);
  if (without.length > 0) terminal.warn(describeLeftOut(without));
  if (sealed.value.path !== project.vaultFile) return fail(keptAsConflict(opening.open, sealed.value.path));
  const { files, bytes } = sealed.value.summary;
  terminal.print(`✔ Vault saved: ${formatFileCount(files)}, ${formatBytes(bytes)}`);
  const kept = await keepStrays(context, secrets, passphrase, source.value.strays().leftOut);
  if (!kept.ok) return kept;
  return moveBase(shell.value, here.value, sealed.value.sha256, generation + 1);
}

/** Seals what the command wrote outside its parts to a file of its own, and says so. */
async function keepStrays(
  { project, terminal, signal }: StepContext,
  secrets: SeparateContainer["secrets"],
  passphrase: Secret,
  strays: readonly string[],
): Promise<Result<void>> {
  if (strays.length === 0) return ok(undefined);
  const kept = await sealRamContent(project, secrets, passphrase, signal);
  if (!kept.ok) return kept;
  terminal.warn(
    `Not saved in the vault, because the command did not have their part: ${listNames(strays, 5)}. All that was in its RAM folder is sealed in ${displayPath(kept.value ?? "")}, with the same passphrase.`,
  );
  return ok(undefined);
}

function keptAsConflict(names: readonly string[], path: string): Failure {
  return {
    kind: "conflict",
    message: `${names.join(", ")} is open in the shell's container, or the vault's copy changed while the command ran, so the vault was not replaced. A vault with the command's changes is sealed in ${path}.`,
    hint: "It has the same passphrase; `age -d FILE | tar tz` lists it. To change a part that is open in the shell, run the command there with --in-shell.",
  };
}
