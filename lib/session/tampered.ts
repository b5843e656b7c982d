import { clearFolder, isEmpty } from "../secrets-folder/contents.js";
import { forgetOpen, isRecordedOpen } from "../secrets-folder/open-record.js";
import { packFolder } from "../secrets-folder/pack.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import type { FailureOf } from "../failure/failure.js";
import type { Project } from "../project/project.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { conflictPath } from "../vault/store.js";
import { readFormat } from "../vault/vault-format.js";
import { archiveLimit } from "../vault/archive/entry-policy.js";
import { sealInto } from "../vault/seal-into.js";
import type { StepContext } from "./step.js";

/** The failure for a mark in the RAM folder that is not the one on record. */
export const openStateChanged = ({ project }: StepContext): FailureOf<"mark-changed"> => ({
  kind: "mark-changed",
  container: project.config.containerName,
});

/**
 * Why what should be open cannot be saved: `vault-vanished` when this host has it on record, so that its mark was removed or
 * changed from inside; else `mark-changed` or `vault-closed`. Changes nothing.
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
  return fail(found === "changed" ? openStateChanged(context) : { kind: "vault-closed" });
}

/**
 * Closes a vault whose mark was removed or changed from inside. The sealed vault is left as it is, since what is in the RAM
 * folder can no longer be told from what a stranger put there; what lies there is sealed beside it. Failure:
 * `vault-vanished` always, once the folder is empty.
 */
export async function closeTampered(context: StepContext, passphrase: Secret): Promise<Result<never>> {
  const { vaultFolder } = context.project;
  const secrets = await context.secrets();
  if (!secrets.ok) return secrets;
  const kept = await sealRamContent(context.project, secrets.value, passphrase, context.signal);
  if (!kept.ok) return kept;
  const cleared = await clearFolder(secrets.value, { all: true });
  if (!cleared.ok) return cleared;
  const forgotten = await forgetOpen(vaultFolder);
  if (!forgotten.ok) return forgotten;
  return fail({ kind: "vault-vanished", ...(kept.value === undefined ? {} : { kept: kept.value }) });
}

/** Seals what is in the RAM folder to a file of its own, or to `path` again; undefined when nothing is there. */
export async function sealRamContent(
  project: Project,
  secrets: SecretsFolder,
  passphrase: Secret,
  signal: AbortSignal,
  path?: string,
): Promise<Result<string | undefined>> {
  const empty = await isEmpty(secrets);
  if (!empty.ok || empty.value) return empty.ok ? ok(undefined) : empty;
  const format = await readFormat(project.vaultFile);
  if (!format.ok) return format;
  const sealed = await sealInto({
    ...{ passphrase, format: format.value, folder: project.vaultFolder, lenient: true },
    limitBytes: archiveLimit(project.config.secretsBytes),
    source: () => packFolder(secrets, { signal, lenient: true }),
    target: () => (path === undefined ? conflictPath(project.vaultFolder) : Promise.resolve(ok(path))),
  });
  return sealed.ok ? ok(sealed.value.path) : sealed;
}
