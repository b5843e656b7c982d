#!/usr/bin/env node
import { marker } from "../lib/enclave/marker.js";
import { exclusively } from "../lib/project/project-lock.js";
import { ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { vaultPassphrase } from "../lib/run/passphrase.js";
import { notOpen, saveOpen, vaultSaved } from "../lib/run/save-open.js";
import type { StepCheck, StepContext } from "../lib/run/step.js";
import type { Secret } from "../lib/secret.js";

/** Seals the RAM folder and makes that the local vault, once it has been opened again for proof. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project, terminal, signal } = context;
  const passphrase = await provenPassphrase(context);
  if (!passphrase.ok) return passphrase;
  return exclusively(project.vaultFolder, signal, () =>
    saveOpen(context, passphrase.value, (text) => terminal.say(text)),
  );
}

/** A typing error must not become the new passphrase: one that has opened nothing in this run has to open what is there. */
async function provenPassphrase(context: StepContext): Promise<Result<Secret>> {
  const { session } = context;
  if (session.passphrase !== undefined) return ok(session.passphrase);
  // nobody is asked for it where there is nothing to save
  const enclave = await context.enclave();
  if (!enclave.ok) return enclave;
  const mark = await marker(enclave.value);
  if (!mark.ok) return mark;
  if (typeof mark.value === "string") return notOpen(context);
  return vaultPassphrase(context, "Passphrase of the vault, to seal what changed:");
}

export const checks: Readonly<Record<string, StepCheck>> = { "vault-saved": vaultSaved };

alone(import.meta.url);
