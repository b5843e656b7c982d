#!/usr/bin/env node
import { stat } from "../lib/host/files.js";
import { requireRemote } from "../lib/remote/open-remote.js";
import { restoreCopy } from "../lib/remote/restore-copy.js";
import { type Result, fail, ok } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { otherPassphrase, provenPassphrase, withPassphrase } from "../lib/session/ask-passphrase.js";
import { offerPush } from "../lib/session/push-vault.js";
import type { StepContext } from "../lib/session/step.js";
import type { Secret } from "../lib/host/secret.js";
import { inspectVault } from "../lib/vault/inspect-vault.js";
import { run as push } from "./push.js";

/**
 * Makes a copy from the history the local vault, as a new generation that can be pushed. It replaces an unpushed vault
 * only with --force, and then keeps that.
 */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { project, options, signal, terminal, session } = context;
  if (options.at === undefined)
    return fail({
      kind: "usage",
      message: "`restore` needs --at N or --at TIME.",
      hint: "`tazpod history` lists the copies.",
    });
  const remote = await context.remote();
  const there = requireRemote(remote);
  if (!there.ok) return there;
  const restored = await restoreCopy({
    remote,
    folder: project.vaultFolder,
    at: options.at,
    force: options.force,
    passphrases: (path) => findPassphrases(context, path),
    signal,
  });
  if (!restored.ok) return restored;
  const { copy, backup, passphrase } = restored.value;
  session.passphrase.keep(passphrase);
  session.remoteCheck.isNeedless = true;
  if (backup !== undefined) terminal.print(`The previous vault is kept as ${backup}.`);
  terminal.print(`✔ Vault restored: copy ${copy.number}, of ${copy.at.toISOString()}, as a new generation`);
  return offerPush(context, push);
}

/** Asks for the passphrases of the copy and of the vault; they differ after a change. */
async function findPassphrases(
  context: StepContext,
  copy: string,
): Promise<Result<{ readonly ofCopy: Secret; readonly toSeal: Secret }>> {
  const here = await stat(context.project.vaultFile);
  if (!here.ok) return here;
  if (here.value === undefined) {
    const only = await withPassphrase(context, "Passphrase of that copy:", async (passphrase) => {
      const found = await inspectVault(copy, passphrase);
      return found.ok ? ok(passphrase) : found;
    });
    return only.ok ? ok({ ofCopy: only.value, toSeal: only.value }) : only;
  }
  const toSeal = await provenPassphrase(context, "Passphrase of the vault:");
  if (!toSeal.ok) return toSeal;
  const ofCopy = await otherPassphrase(context, toSeal.value, copy, "Passphrase of that copy:");
  return ofCopy.ok ? ok({ ofCopy: ofCopy.value, toSeal: toSeal.value }) : ofCopy;
}

runWhenMain(import.meta.url);
