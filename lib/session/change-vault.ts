import { hasOpenRecord } from "../secrets-folder/open-record.js";
import { hasOpenedNote } from "../secrets-folder/opened-note.js";
import { withProjectLock } from "../project/project-lock.js";
import type { Failure } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";
import { fileHash } from "../host/file-hash.js";
import type { Secret } from "../host/secret.js";
import { archiveLimit } from "../vault/archive/entry-policy.js";
import type { DigestLine } from "../vault/archive/manifest.js";
import { type ChangedVault, changeFile, type FileChange, pathsAt } from "../vault/change-file.js";
import { type FileOfVault, type Inspected, readVaultFile } from "../vault/inspect-vault.js";
import { reseal } from "../vault/reseal.js";
import type { SealedVault } from "../vault/seal-into.js";
import { conflictPath, replacedMeanwhile } from "../vault/store.js";
import type { VaultFormat } from "../vault/vault-format.js";
import { partOf } from "../vault/vault-parts.js";
import { acceptOpened, recordOpening } from "./accept-opened.js";
import { withPassphrase } from "./ask-passphrase.js";
import { hasPart, moveBase, openInShell, requireStillClosed, type VaultInShell } from "./open-in-shell.js";
import { openLocal } from "./open-local.js";
import type { StepContext } from "./step.js";

const question = "Passphrase of the vault:";

/** Reads a file of the local vault. Failures: those of `withPassphrase` and `readVaultFile`. */
export function readLocalFile(context: StepContext, path: string): Promise<Result<FileOfVault>> {
  return withPassphrase(context, question, (passphrase) =>
    openLocal(context, () => readVaultFile(context.project.vaultFile, passphrase, path), passphrase),
  );
}

/**
 * The same for a file that will be changed: in a vault that this host accepts, and in a part that is not open in the
 * container. Failures: also `precondition`, and those of `acceptOpened`.
 */
export function readFileToChange(context: StepContext, path: string): Promise<Result<FileOfVault>> {
  const { vaultFile } = context.project;
  return withPassphrase(context, question, (passphrase) =>
    openLocal(
      context,
      async () => {
        const read = await readVaultFile(vaultFile, passphrase, path);
        if (!read.ok) return read;
        const accepted = await accept(context, read.value.inspected);
        if (!accepted.ok) return accepted;
        const open = await findOpen(context);
        if (!open.ok) return open;
        const inUse = partInUse(context, open.value, read.value.inspected, path);
        return inUse === undefined ? read : fail(inUse);
      },
      passphrase,
    ),
  );
}

/**
 * Changes one path of the local vault, which is sealed again as by a save. A vault open in the container continues with
 * the new one, if the path's part is closed there. With `since`, the file that was read before a change that took long:
 * if it is another one now, or was opened in the container since, the change goes to a separate file (failure
 * `conflict`), so that neither is lost. Failures: also `precondition`, and those of `changeFile`.
 */
export function changeVault(
  context: StepContext,
  change: FileChange,
  since?: { readonly line: DigestLine | undefined },
): Promise<Result<ChangedVault>> {
  const { project, signal } = context;
  return withPassphrase(context, question, (passphrase) =>
    withProjectLock(project.vaultFolder, signal, () =>
      openLocal(context, () => sealChange(context, passphrase, change, since), passphrase),
    ),
  );
}

/**
 * Seals the local vault again with another passphrase, if this host accepts it. Failures: `precondition` if it was
 * opened in the container since the step began, and those of `acceptOpened` and `reseal`; then nothing is changed.
 */
export function resealLocal(
  context: StepContext,
  passphrases: { readonly from: Secret; readonly to: Secret },
  format?: VaultFormat,
): Promise<Result<SealedVault>> {
  const { project, signal } = context;
  return withProjectLock(project.vaultFolder, signal, async () => {
    const closed = await requireStillClosed(context);
    if (!closed.ok) return closed;
    const accepting = (opened: Inspected) => accept(context, opened);
    const seal = () => reseal({ path: project.vaultFile, ...passphrases, format, accept: accepting });
    return openLocal(context, seal, passphrases.from);
  });
}

async function sealChange(
  context: StepContext,
  passphrase: Secret,
  change: FileChange,
  since: { readonly line: DigestLine | undefined } | undefined,
): Promise<Result<ChangedVault>> {
  const { project } = context;
  const open = await findOpen(context);
  if (!open.ok) return open;
  let isInUse = false;
  const changed = await changeFile({
    ...{ vault: project.vaultFile, folder: project.vaultFolder, passphrase, change },
    limitBytes: archiveLimit(project.config.secretsBytes),
    accept: async (opened) => {
      const inUse = partInUse(context, open.value, opened, change.path);
      isInUse = inUse !== undefined;
      return inUse !== undefined && since === undefined ? fail(inUse) : accept(context, opened);
    },
    target: async (opened, before) => {
      const here = await fileHash(project.vaultFile);
      if (!here.ok) return here;
      const isSame = since === undefined || before?.sha256 === since.line?.sha256;
      if (here.value === opened.sha256 && isSame && !isInUse) return ok(project.vaultFile);
      return since === undefined
        ? fail(replacedMeanwhile(project.vaultFile))
        : conflictPath(project.vaultFolder);
    },
  });
  if (!changed.ok || changed.value.sealed === undefined) return changed;
  const { opened, sealed } = changed.value;
  if (sealed.path !== project.vaultFile) return fail(keptAside(change.path, sealed.path));
  const generation = (opened.summary.manifest?.generation ?? 0) + 1;
  const moved = await moveBase(open.value, opened.sha256, sealed.sha256, generation);
  return moved.ok ? changed : moved;
}

async function accept(context: StepContext, { sha256, summary }: Inspected): Promise<Result<void>> {
  const opened = { sha256, content: summary.digest, manifest: summary.manifest };
  const accepted = await acceptOpened(context, opened);
  if (accepted.ok) await recordOpening(context, opened);
  return accepted;
}

/**
 * Returns the vault that is open in the container. The engine is asked only if something says that there may be one. If
 * there is no engine to ask, there is none: should there be one after all, its next save goes to a separate file.
 */
async function findOpen(context: StepContext): Promise<Result<VaultInShell | undefined>> {
  const { vaultFolder } = context.project;
  if (!(await hasOpenRecord(vaultFolder)) && !(await hasOpenedNote(vaultFolder))) return ok(undefined);
  const open = await openInShell(context);
  const isUnknown = !open.ok && ["engine-unavailable", "no-engine"].includes(open.failure.kind);
  return isUnknown ? ok(undefined) : open;
}

/** Returns the failure if the path, or something below it, is in a part of the vault that is open in the container. */
function partInUse(
  { project: { config } }: StepContext,
  open: VaultInShell | undefined,
  { summary }: Inspected,
  path: string,
): Failure | undefined {
  const parts = new Set([path, ...pathsAt(summary.entries, path)].map((one) => partOf(one, config.parts)));
  if (!hasPart(open?.openState, [...parts])) return undefined;
  return {
    kind: "precondition",
    task: "vault",
    message: `${JSON.stringify(path)} is open in the container ${config.containerName}, whose next save would overwrite a change made here.`,
    hint: `Change ~/secrets/${path} in the shell, or close the vault with \`tazpod lock\` first.`,
  };
}

function keptAside(path: string, kept: string): Failure {
  return {
    kind: "conflict",
    message: `${JSON.stringify(path)} was changed by another tazpod, or opened in the container, while it was edited, so the vault was not replaced. A vault with your change is sealed in ${kept}.`,
    hint: "It has the same passphrase; `age -d FILE | tar tz` lists it.",
  };
}
