#!/usr/bin/env node
import { isRecordedOpen } from "../lib/secrets-folder/open-record.js";
import { type Result, ok } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { fromFailure } from "../lib/run/checks.js";
import { closeParts, partsToClose } from "../lib/session/open-and-close-parts.js";
import { type StepCheck, type StepContext, fails, holds } from "../lib/session/step.js";

/** Closes the parts that this run opened; their changes were saved before. The rest of the vault stays open. */
export async function run(context: StepContext): Promise<Result<void>> {
  const secrets = await context.secrets();
  // without the container nothing is open
  if (!secrets.ok) return secrets.failure.kind === "container-gone" ? ok(undefined) : secrets;
  return closeParts(context, secrets.value);
}

const partsClosed: StepCheck = async (context) => {
  const names = await partsToClose(context);
  if (!names.ok) return fromFailure(names.failure);
  if (names.value.length === 0) return holds("no part is open only for this run");
  const state = await context.container();
  if (!state.ok) return fromFailure(state.failure);
  const open = await isRecordedOpen(context.project.vaultFolder, state.value);
  if (!open.ok) return fromFailure(open.failure);
  return open.value
    ? fails(`${names.value.join(", ")} is open only for this run`)
    : holds("the vault is locked");
};

export const checks = { "parts-closed": partsClosed };

runWhenMain(import.meta.url);
