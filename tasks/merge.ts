#!/usr/bin/env node
import { mergeRemote } from "../lib/remote/merge-remote.js";
import { type Result, ok } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { vaultDiverged } from "../lib/session/staleness.js";
import { otherPassphrase, provenPassphrase } from "../lib/session/ask-passphrase.js";
import { offerPush } from "../lib/session/push-vault.js";
import type { StepContext } from "../lib/session/step.js";
import { archiveLimit } from "../lib/vault/archive/entry-policy.js";
import type { Merged } from "../lib/vault/merge-into.js";
import { run as push } from "./push.js";

/** Merges the local vault with the remote's. If interrupted, it has changed nothing, or is complete. */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { project, session, signal } = context;
  const merged = await mergeRemote({
    remote: await context.remote(),
    folder: project.vaultFolder,
    limitBytes: archiveLimit(project.config.secretsBytes),
    passphrases: async (path) => {
      const ours = await provenPassphrase(context, "Passphrase of the vault:");
      if (!ours.ok) return ours;
      const theirs = await otherPassphrase(context, ours.value, path, "Passphrase of the remote's vault:");
      return theirs.ok ? ok({ ours: ours.value, theirs: theirs.value }) : theirs;
    },
    signal,
  });
  if (!merged.ok) return merged;
  session.passphrase.keep(merged.value.passphrase);
  printMerge(merged.value, context);
  session.remoteCheck.isNeedless = true;
  return offerPush(context, push);
}

function printMerge(
  { conflicts, fromOurs, fromTheirs, kept, hasBase }: Merged,
  { terminal }: StepContext,
): void {
  if (!hasBase)
    terminal.print("The common ancestor of both vaults is not available, so no file counts as removed.");
  terminal.print(
    `✔ Vault merged: ${fromOurs.length} changed here, ${fromTheirs.length} there, ${conflicts.length} in conflict`,
  );
  for (const { path, kept: names } of conflicts)
    terminal.print(
      names.length === 1 && names[0] === path
        ? `  ${JSON.stringify(path)} was removed on one side and changed on the other; it is kept`
        : `  ${JSON.stringify(path)} was changed on both sides: ${names.map((name) => JSON.stringify(name)).join(" and ")}`,
    );
  if (conflicts.some(({ kept: names }) => names.length > 1))
    terminal.print(
      "To settle a conflict, open the vault, give the version to keep its name back, and remove the other.",
    );
  terminal.print(`The previous vault is kept as ${kept}.`);
}

export const checks = { "vault-diverged": vaultDiverged };

runWhenMain(import.meta.url);
