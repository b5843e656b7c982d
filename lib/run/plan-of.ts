import type { Failure } from "../failure/failure.js";
import { resolve } from "../plan/resolve.js";
import type { Plan, Progress, Target } from "../plan/planned-steps.js";
import type { CheckResult } from "../failure/check-result.js";
import { render, renderKnown } from "../recipe/render.js";
import { fail, type Result } from "../failure/result.js";
import type { Run } from "./run-context.js";

/** Returns the current plan of a target; the checks answer the resolver's questions. */
export async function currentPlan(target: Target, run: Run, progress: Progress): Promise<Result<Plan>> {
  const resolution = resolve(run.recipe, target, progress);
  let answer: CheckResult | undefined;
  for (;;) {
    // the first call starts the generator and ignores its argument
    const next = resolution.next(answer as CheckResult);
    if (next.done) return next.value.ok ? next.value : fail(withDescriptions(next.value.failure, run));
    answer = await run.facts.check(next.value);
    const { terminal, options } = run.services;
    if (options.verbose) terminal.print(`· ${next.value}: ${answer.state} (${answer.reason})`);
    if (answer.state === "unknown" && run.recipe.facts.get(next.value)?.onUnknown === "pass") {
      terminal.print(answer.reason);
      answer = { state: "true", reason: answer.reason };
    }
    if (run.interrupts.signal.aborted) return fail(interrupted(run));
  }
}

/** Returns the failure with fact descriptions and filled-in messages, and without positions in the built-in recipe. */
export function withDescriptions(failure: Failure, { recipe, services }: Run): Failure {
  if (failure.kind === "precondition") {
    const { task, message, hint, at } = failure;
    const shown = renderKnown(message, services.vars(recipe, recipe.tasks.get(task)));
    const place = at === undefined || at.file === recipe.files[0] ? {} : { at };
    return { kind: "precondition", task, message: shown, hint, ...place };
  }
  if (failure.kind !== "unknown-fact" && failure.kind !== "unmet-fact") return failure;
  const desc = recipe.facts.get(failure.fact)?.desc;
  return desc === undefined ? failure : { ...failure, desc: render(desc, services.vars(recipe)) };
}

/** Returns the failure of a run that a signal stopped. */
export function interrupted({ interrupts }: Run): Failure {
  return { kind: "interrupted", signal: interrupts.received ?? String(interrupts.signal.reason) };
}
