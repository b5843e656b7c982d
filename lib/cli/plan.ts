import { explain } from "../failure/explain.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Failure } from "../failure/failure.js";
import { capture } from "../host/process.js";
import { printJson, printResult } from "../host/screen.js";
import { formatPlan, planJson } from "../plan/format-plan.js";
import { type GraphFormat, graphFormats, taskGraph, toDot, toMermaid } from "../plan/graph.js";
import type { Plan } from "../plan/planned-steps.js";
import type { Recipe } from "../recipe/recipe.js";
import type { Arguments } from "../run/arguments.js";
import { currentPlan } from "../run/plan-of.js";
import { reportFailure } from "../run/report-failure.js";
import { inTarget } from "./target.js";

/** `tazpod plan NAME` and `run NAME --dry-run`: runs only checks. */
export async function planCommand(args: Arguments, words: readonly string[]): Promise<number> {
  const format = graphFormats.find((name) => name === args.graph);
  if (args.graph !== undefined && format === undefined) {
    const message = `--graph takes ${graphFormats.join(", ")}, not "${args.graph}".`;
    return reportFailure({ kind: "usage", message }, args.json);
  }
  const given = new Set([...args.given].filter((flag) => flag !== "graph"));
  return inTarget({ ...args, given }, words.length === 0 ? ["enter"] : words, async (target, run) => {
    const { recipe, services } = run;
    const plan = await currentPlan(target, run, { ran: new Set(), declined: new Set() });
    if (!plan.ok) return plan;
    if (format !== undefined) return printGraph(format, recipe, target.tasks, plan.value);
    const settings = {
      vars: services.vars(recipe),
      describeFailure: (failure: Failure) => explain(failure).message.split("\n")[0] ?? failure.kind,
    };
    if (args.json) printJson(planJson(plan.value, settings));
    else printResult(formatPlan(plan.value, recipe, settings));
    return ok(undefined);
  });
}

/** Prints the tasks that lead to `targets`; those that the plan runs are marked. */
async function printGraph(
  format: GraphFormat,
  recipe: Recipe,
  targets: readonly string[],
  { steps }: Plan,
): Promise<Result<void>> {
  const graph = taskGraph(recipe, targets);
  const due = new Set(steps.map(({ task }) => task));
  if (format !== "svg") return ok(printResult(format === "dot" ? toDot(graph, due) : toMermaid(graph, due)));
  const drawn = await capture(["dot", "-Tsvg"], { input: toDot(graph, due) });
  if (!drawn.ok)
    return drawn.failure.kind === "command-missing"
      ? fail({ ...drawn.failure, hint: "Install Graphviz, or use --graph mermaid." })
      : drawn;
  const { code, stdout, stderr } = drawn.value;
  if (code !== 0) return fail({ kind: "command-failed", command: ["dot", "-Tsvg"], code, detail: stderr });
  return ok(printResult(stdout.toString().trimEnd()));
}
