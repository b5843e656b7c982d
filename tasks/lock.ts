#!/usr/bin/env node
import { clear } from "../lib/enclave/clear.js";
import { forgetOpen } from "../lib/enclave/open-record.js";
import { ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import type { StepContext } from "../lib/run/step.js";

/** Empties the RAM folder. What was not saved is the business of the fact it needs. */
export async function run(context: StepContext): Promise<Result<void>> {
  const enclave = await context.enclave();
  // where no container runs there is no RAM folder
  if (!enclave.ok) return enclave.failure.kind === "container-gone" ? ok(undefined) : enclave;
  const cleared = await clear(enclave.value);
  return cleared.ok ? forgetOpen(context.project.vaultFolder) : cleared;
}

alone(import.meta.url);
