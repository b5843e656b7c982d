import { clearFolder, isEmpty } from "../secrets-folder/contents.js";
import { forgetOpen, isRecordedOpen, lostRecord } from "../secrets-folder/open-record.js";
import { otherOpener } from "../secrets-folder/open-state.js";
import { packFolder } from "../secrets-folder/pack.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import type { FailureOf, LostRecord } from "../failure/failure.js";
import type { Project } from "../project/project.js";
import { fail, ok, type Result } from "../failure/result.js";
import { makeFolder } from "../host/files.js";
import { pathExists } from "../host/project-file.js";
import { displayPath } from "../host/paths.js";
import { printable } from "../host/printable.js";
import type { Secret } from "../host/secret.js";
import { conflictPath } from "../vault/store.js";
import { readFormat, type VaultFormat } from "../vault/vault-format.js";
import { archiveLimit } from "../vault/archive/entry-policy.js";
import { sealInto } from "../vault/seal-into.js";
import type { StepContext } from "./step.js";

/** Returns the failure for an open state in the RAM folder that differs from the record. */
export async function openStateChanged(context: StepContext): Promise<FailureOf<"mark-changed">> {
  const secrets = await context.secrets();
  const host = secrets.ok ? await otherOpener(secrets.value) : undefined;
  const lost = secrets.ok && host === undefined ? await lostRecord(secrets.value) : undefined;
  return { kind: "mark-changed", container: context.project.config.containerName, host, lost };
}

/**
 * Returns why an open vault cannot be saved: `vault-vanished` if this host recorded it as open, so that its open state
 * was removed or changed from inside, or if that record was lost; else `mark-changed` or `vault-closed`. Changes nothing.
 */
export async function notOpen(
  context: StepContext,
  found: "closed" | "closing" | "changed",
): Promise<Result<never>> {
  const state = await context.container();
  if (!state.ok) return state;
  const recorded = await isRecordedOpen(context.project.vaultFolder, state.value);
  if (!recorded.ok) return recorded;
  if (recorded.value && found !== "closing") return fail({ kind: "vault-vanished" });
  if (found !== "changed") return fail({ kind: "vault-closed" });
  const changed = await openStateChanged(context);
  return fail(changed.lost === undefined ? changed : { kind: "vault-vanished", lost: changed.lost });
}

/**
 * Closes a vault whose open state was removed or changed from inside, or whose record was lost. The sealed vault stays
 * as it is, because the content of the RAM folder can no longer be trusted; that content is sealed to a separate file.
 * Always fails with `vault-vanished` once the folder is empty.
 */
export async function closeTampered(
  context: StepContext,
  passphrase: Secret,
  lost: LostRecord | undefined,
): Promise<Result<never>> {
  const { vaultFolder } = context.project;
  const secrets = await context.secrets();
  if (!secrets.ok) return secrets;
  const kept = await sealRamContent(context.project, secrets.value, passphrase, context.signal);
  if (!kept.ok) return kept;
  const cleared = await clearFolder(secrets.value, { all: true });
  if (!cleared.ok) return cleared;
  const forgotten = await forgetOpen(vaultFolder);
  if (!forgotten.ok) return forgotten;
  return fail({ kind: "vault-vanished", kept: kept.value, lost });
}

/**
 * Seals what a program left in the RAM folder of a locked vault to a file of its own, and empties the folder. `names`
 * are for the message.
 */
export async function setAside(
  { project, terminal, signal }: StepContext,
  secrets: SecretsFolder,
  passphrase: Secret,
  names: string,
): Promise<Result<void>> {
  const kept = await sealRamContent(project, secrets, passphrase, signal);
  if (!kept.ok) return kept;
  const cleared = await clearFolder(secrets, { all: true });
  // a program that still has one of the files open is no obstacle
  if (!cleared.ok && cleared.failure.kind !== "still-held") return cleared;
  if (kept.value !== undefined)
    terminal.warn(
      `${printable(names)} was in ${secrets.folder} while the vault was locked. It is not in the vault; it was sealed as ${displayPath(kept.value)}, with the same passphrase.`,
    );
  return ok(undefined);
}

/** Returns the format in which the open vault is sealed: that of the local vault, or of the settings if it is gone. */
export async function formatOf({ vaultFile, config }: Project): Promise<Result<VaultFormat>> {
  return (await pathExists(vaultFile)) ? readFormat(vaultFile) : ok(config.vaultFormat);
}

/** Seals the RAM folder to a new conflict file, or to `path`. Returns its path, or undefined if the folder is empty. */
export async function sealRamContent(
  project: Project,
  secrets: SecretsFolder,
  passphrase: Secret,
  signal: AbortSignal,
  path?: string,
): Promise<Result<string | undefined>> {
  const empty = await isEmpty(secrets);
  if (!empty.ok || empty.value) return empty.ok ? ok(undefined) : empty;
  const format = await formatOf(project);
  if (!format.ok) return format;
  const made = await makeFolder(project.vaultFolder);
  if (!made.ok) return made;
  const sealed = await sealInto({
    ...{ passphrase, format: format.value, folder: project.vaultFolder, lenient: true },
    limitBytes: archiveLimit(project.config.secretsBytes),
    source: () => packFolder(secrets, { signal, lenient: true }),
    target: () => (path === undefined ? conflictPath(project.vaultFolder) : Promise.resolve(ok(path))),
  });
  return sealed.ok ? ok(sealed.value.path) : sealed;
}
