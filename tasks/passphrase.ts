#!/usr/bin/env node
import type { Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { startRemoteCheck, isOffline } from "../lib/session/staleness.js";
import { offerPassphrase } from "../lib/session/ask-passphrase.js";
import { tellInvalidState } from "../lib/session/invalid-state.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/session/step.js";

/** Asks for the passphrase of the local vault. In the meantime the remote is asked for a newer vault. */
export async function run(context: StepContext): Promise<Result<void>> {
  await tellInvalidState(context);
  if (!context.session.remoteCheck.isNeedless && !isOffline(context)) void startRemoteCheck(context);
  return offerPassphrase(context, "Passphrase of the vault:");
}

const passphrase: StepCheck = async ({ session }) =>
  session.passphrase.isGiven ? holds("it was entered") : fails("it has not been entered yet");

export const checks = { passphrase };

runWhenMain(import.meta.url);
