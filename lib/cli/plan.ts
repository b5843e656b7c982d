import { explain } from "../failure/explain.js";
import { explainPlan, planJson } from "../plan/format-plan.js";
import type { Failure } from "../failure/failure.js";
import { planOf } from "../run/plan-of.js";
import type { Arguments } from "../run/arguments.js";
import { open } from "../session/open.js";
import { reportFailure } from "../run/report.js";
import { printJson, printResult } from "../host/screen.js";
import { findTarget } from "./target.js";
import { withPlacement } from "./with.js";

/** `tazpod plan NAME` and `run NAME --dry-run`: runs only checks. */
export async function planCommand(args: Arguments, words: readonly string[]): Promise<number> {
  const setting = await open(args.project, args.options);
  if (!setting.ok) return reportFailure(setting.failure, args.json);
  const { recipe, services, interrupts } = setting.value;
  const target = findTarget(
    recipe,
    await withPlacement(words.length === 0 ? ["enter"] : words, setting.value),
  );
  if (!target.ok) return reportFailure(target.failure, args.json);
  interrupts.watch();
  const plan = await planOf(target.value, setting.value, { ran: new Set(), declined: new Set() });
  interrupts.unwatch();
  if (!plan.ok) return reportFailure(plan.failure, args.json);
  const settings = {
    vars: services.vars(recipe),
    describeFailure: (failure: Failure) => explain(failure).message.split("\n")[0] ?? failure.kind,
  };
  if (args.json) printJson(planJson(plan.value, settings));
  else printResult(explainPlan(plan.value, recipe, settings));
  return 0;
}
