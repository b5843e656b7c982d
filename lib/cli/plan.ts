import { explain } from "../failure/explain.js";
import { ok } from "../failure/result.js";
import type { Failure } from "../failure/failure.js";
import { printJson, printResult } from "../host/screen.js";
import { formatPlan, planJson } from "../plan/format-plan.js";
import type { Arguments } from "../run/arguments.js";
import { currentPlan } from "../run/plan-of.js";
import { reportFailure } from "../run/report-failure.js";
import { inProject } from "./in-project.js";
import { readWords, targetOf } from "./target.js";

/** `tazpod plan NAME` and `run NAME --dry-run`: runs only checks. */
export async function planCommand(given: Arguments, words: readonly string[]): Promise<number> {
  const read = readWords(given, words.length === 0 ? ["enter"] : words);
  if (!read.ok) return reportFailure(read.failure, given.json);
  const { args } = read.value;
  return inProject(args, async (run) => {
    const { recipe, services } = run;
    const target = await targetOf(read.value, run);
    if (!target.ok) return target;
    const plan = await currentPlan(target.value, run, { ran: new Set(), declined: new Set() });
    if (!plan.ok) return plan;
    const settings = {
      vars: services.vars(recipe),
      describeFailure: (failure: Failure) => explain(failure).message.split("\n")[0] ?? failure.kind,
    };
    if (args.json) printJson(planJson(plan.value, settings));
    else printResult(formatPlan(plan.value, recipe, settings));
    return ok(0);
  });
}
