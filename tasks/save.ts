#!/usr/bin/env node
import { readOpenState } from "../lib/secrets-folder/open-state.js";
import { pathExists } from "../lib/host/project-file.js";
import { withProjectLock } from "../lib/project/project-lock.js";
import { ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { choosePassphrase, provenPassphrase } from "../lib/session/ask-passphrase.js";
import { closeTampered, notOpen } from "../lib/session/tampered.js";
import { printedReport, saveVault, vaultSaved } from "../lib/session/save-vault.js";
import type { StepCheck, StepContext } from "../lib/session/step.js";
import type { Secret } from "../lib/host/secret.js";

/** Seals the RAM folder, opens the result to verify it, and makes it the local vault. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project, terminal, signal } = context;
  const passphrase = await passphraseForSave(context);
  if (!passphrase.ok) return passphrase;
  return withProjectLock(project.vaultFolder, signal, async () => {
    const saved = await saveVault(
      context,
      passphrase.value,
      printedReport((text) => terminal.print(text)),
    );
    printStrays(context);
    return !saved.ok && saved.failure.kind === "vault-vanished"
      ? closeTampered(context, passphrase.value, saved.failure.lost)
      : saved;
  });
}

/** Reports files that could not be saved, once. */
function printStrays({ session, terminal }: StepContext): void {
  const message = session.strays.takeMessage();
  if (message !== undefined) terminal.print(message);
}

/**
 * Returns a passphrase that has opened a vault in this run, or one that opens the sealed vault: a typing error must not
 * become the new passphrase.
 */
async function passphraseForSave(context: StepContext): Promise<Result<Secret>> {
  const { session } = context;
  if (session.passphrase.known !== undefined) return ok(session.passphrase.known);
  // do not ask if there is nothing to save
  const secrets = await context.secrets();
  if (!secrets.ok) return secrets;
  const openState = await readOpenState(secrets.value);
  if (!openState.ok) return openState;
  if (typeof openState.value === "string") {
    const reason = await notOpen(context, openState.value);
    if (reason.ok || reason.failure.kind !== "vault-vanished") return reason;
  }
  // a vault that was removed while it was open is made again, with a passphrase that nothing can prove
  if (!(await pathExists(context.project.vaultFile))) return choosePassphrase(context);
  return provenPassphrase(context, "Passphrase of the vault, to seal what changed:");
}

export const checks: Readonly<Record<string, StepCheck>> = { "vault-saved": vaultSaved };

runWhenMain(import.meta.url);
