#!/usr/bin/env node
import { recordEngine } from "../lib/engine/choose-engine.js";
import { explain } from "../lib/failure/explain.js";
import type { Failure } from "../lib/failure/failure.js";
import type { Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/session/step.js";

/** Records that the shell may be a plain process for this project on this host; `down` removes the record. */
export function run({ project }: StepContext): Promise<Result<void>> {
  return recordEngine(project.vaultFolder, "process");
}

/** Checks whether there is an engine. One that is named but does not work is reported by the step that uses it. */
const engine: StepCheck = async (context) => {
  const { engine: chosen, failure } = await context.chosen();
  return failure === undefined ? holds(chosen.name) : fails(shortReason(failure));
};

function shortReason(failure: Failure): string {
  if (failure.kind !== "no-engine") return explain(failure).message;
  // details after the colon are left to `tazpod doctor`
  const reasons = failure.causes.map((cause) => explain(cause).message.split(/: |\n/)[0]?.replace(/\.$/, ""));
  return `No engine works here (${reasons.join("; ")}); see \`tazpod doctor\``;
}

export const checks = { engine };

runWhenMain(import.meta.url);
