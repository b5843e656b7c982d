#!/usr/bin/env node
import { checkPushed } from "../lib/remote/local-vault.js";
import type { Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { isOffline } from "../lib/session/staleness.js";
import { pushVault } from "../lib/session/push-vault.js";
import { tellInvalidState } from "../lib/session/invalid-state.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/session/step.js";

/** Uploads the local vault. It never overwrites a vault that this host has not seen. */
export async function run(context: StepContext): Promise<Result<unknown>> {
  await tellInvalidState(context);
  return pushVault(context, context.signal, (text) => context.terminal.print(text));
}

/** Compares with the record of the last push; needs no network. */
const vaultPushed: StepCheck = async ({ project }) =>
  checkPushed(project.vaultFolder, project.config.remote.url);

const offline: StepCheck = async (context) =>
  isOffline(context) ? holds("--offline") : fails("--offline was not given");

export const checks = { "vault-pushed": vaultPushed, offline };

runWhenMain(import.meta.url);
