import { explain } from "../failure/explain.js";
import { ok } from "../failure/result.js";
import type { Failure } from "../failure/failure.js";
import { printJson, printResult } from "../host/screen.js";
import { formatPlan, planJson } from "../plan/format-plan.js";
import type { Arguments } from "../run/arguments.js";
import { currentPlan } from "../run/plan-of.js";
import { inTarget } from "./target.js";

/** `tazpod plan NAME` and `run NAME --dry-run`: runs only checks. */
export function planCommand(args: Arguments, words: readonly string[]): Promise<number> {
  return inTarget(args, words.length === 0 ? ["enter"] : words, async (target, run) => {
    const { recipe, services } = run;
    const plan = await currentPlan(target, run, { ran: new Set(), declined: new Set() });
    if (!plan.ok) return plan;
    const settings = {
      vars: services.vars(recipe),
      describeFailure: (failure: Failure) => explain(failure).message.split("\n")[0] ?? failure.kind,
    };
    if (args.json) printJson(planJson(plan.value, settings));
    else printResult(formatPlan(plan.value, recipe, settings));
    return ok(undefined);
  });
}
