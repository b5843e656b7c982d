import { basename } from "node:path";
import { printResult } from "../host/screen.js";
import { render } from "../recipe/render.js";
import type { Task } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import { parseArguments } from "../run/arguments.js";
import { open } from "./open.js";
import { runStep } from "../run/run-step.js";
import type { Run } from "../run/run-environment.js";
import { reportFailure } from "../run/report.js";

/** Runs one built-in step script as a program; returns the exit code. */
export async function runStepProgram(file: string, argv: readonly string[]): Promise<number> {
  const name = basename(file, ".js");
  const args = parseArguments(argv);
  if (!args.ok) return reportFailure(args.failure, argv.includes("--json"));
  const { project, options, json, help } = args.value;
  const setting = await open(project, options);
  if (!setting.ok) return reportFailure(setting.failure, json);
  const { recipe, services, interrupts } = setting.value;
  const task = [...recipe.tasks.values()].find(
    ({ action }) =>
      action.kind === "script" && action.script.kind === "builtin" && action.script.name === name,
  );
  if (!task) return reportFailure({ kind: "unknown-name", what: "task that uses the script", name }, json);
  if (help) {
    printResult(
      `${name}: ${render(task.desc ?? "", services.vars(recipe, task))}\nNeeds: ${task.needs.join(", ") || "nothing"}`,
    );
    return 0;
  }
  interrupts.watch();
  try {
    const ready = await needsHold(task, setting.value);
    const outcome = ready.ok ? await runStep(task, setting.value, "stdout", () => undefined) : ready;
    return outcome.ok ? 0 : reportFailure(outcome.failure, json);
  } finally {
    interrupts.unwatch();
    await services.session.leave();
    services.session.end();
  }
}

/** What is internal is between the steps of one run: a step alone sees to it itself. */
async function needsHold(task: Task, { facts, recipe }: Run): Promise<Result<void>> {
  for (const fact of task.needs) {
    if (recipe.facts.get(fact)?.internal === true) continue;
    const { state, reason, hint } = await facts.evaluate(fact);
    if (state === "unknown")
      return fail({ kind: "unknown-fact", fact, reason, ...(hint === undefined ? {} : { hint }) });
    if (state === "false") return fail({ kind: "unmet-fact", fact, task: task.name, reason });
  }
  return ok(undefined);
}
