#!/usr/bin/env node
import { ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { beginFreshness, isOffline } from "../lib/run/freshness.js";
import { vaultPassphrase } from "../lib/run/passphrase.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/run/step.js";

/** Asks for the passphrase, and makes sure that it opens the vault here. While it is typed, the remote is asked too. */
export async function run(context: StepContext): Promise<Result<void>> {
  if (!context.session.isNews && !isOffline(context)) void beginFreshness(context);
  const given = await vaultPassphrase(context, "Passphrase of the vault:");
  return given.ok ? ok(undefined) : given;
}

const passphrase: StepCheck = async ({ session }) =>
  session.passphrase === undefined ? fails("nobody has given it yet") : holds("it is at hand");

export const checks = { passphrase };

alone(import.meta.url);
