#!/usr/bin/env node
import type { Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { newPassphraseForVault, provenPassphrase } from "../lib/session/ask-passphrase.js";
import type { StepContext } from "../lib/session/step.js";
import { resealLocal } from "../lib/session/change-vault.js";
import { offerPurge } from "./purge-history.js";

/** Seals the local vault with a new passphrase; the old file is removed once the new one was opened. */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { session, terminal } = context;
  const from = await provenPassphrase(context, "Old passphrase of the vault:");
  if (!from.ok) return from;
  const to = await newPassphraseForVault(context);
  if (!to.ok) return to;
  const sealed = await resealLocal(context, { from: from.value, to: to.value });
  if (!sealed.ok) return (to.value.wipe(), sealed);
  session.passphrase.keep(to.value);
  terminal.print("✔ Passphrase changed. Earlier copies of the vault still open with the old one.");
  return offerPurge(context);
}

runWhenMain(import.meta.url);
