#!/usr/bin/env node
import { printable } from "../lib/host/printable.js";
import { ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { newPassphraseForVault, withPassphrase } from "../lib/session/ask-passphrase.js";
import type { StepContext } from "../lib/session/step.js";
import { openVault } from "../lib/vault/open-vault.js";
import { resealLocal } from "../lib/session/change-vault.js";
import { offerPurge } from "./purge-history.js";

/** Converts a vault of the Go tazpod (v1) to the age format, with a new passphrase. */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { project, session, terminal } = context;
  const path = project.vaultFile;
  const old = await withPassphrase(context, "Passphrase of the vault:", async (passphrase) => {
    const opened = await openVault(path, passphrase);
    if (opened.ok) opened.value.tar.destroy();
    return opened.ok ? ok({ passphrase, format: opened.value.format }) : opened;
  });
  if (!old.ok) return old;
  if (old.value.format === "age") {
    terminal.print("The vault already has the age format.");
    return ok(undefined);
  }
  const to = await newPassphraseForVault(context);
  if (!to.ok) return to;
  const sealed = await resealLocal(context, { from: old.value.passphrase, to: to.value }, "age");
  if (!sealed.ok) return (to.value.wipe(), sealed);
  session.passphrase.keep(to.value);
  const { dropped } = sealed.value.summary;
  if (dropped.length > 0) terminal.print(`Left out: ${dropped.map(printable).join(", ")}`);
  terminal.print("✔ Vault upgraded to the age format. Earlier copies keep the old format and passphrase.");
  return offerPurge(context);
}

runWhenMain(import.meta.url);
