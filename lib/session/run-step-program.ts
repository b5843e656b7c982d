import { basename } from "node:path";
import { exitIfInterrupted, exitSoon } from "../host/end-signals.js";
import { printResult } from "../host/screen.js";
import { render } from "../recipe/render.js";
import type { Task } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import { type Arguments, parseArguments } from "../run/arguments.js";
import { type ProjectRun, withProject } from "./open-project.js";
import { runStep } from "../run/run-step.js";
import { reportFailure } from "../run/report-failure.js";

/** Runs one built-in step script as a program; returns the exit code. */
export async function runStepProgram(file: string, argv: readonly string[]): Promise<number> {
  const args = parseArguments(argv);
  if (!args.ok) return reportFailure(args.failure, argv.includes("--json"));
  const { project, options, json } = args.value;
  const outcome = await withProject(project, options, (run) =>
    runAlone(basename(file, ".js"), args.value, run),
  );
  return exitSoon(outcome.ok ? 0 : await exitIfInterrupted(reportFailure(outcome.failure, json)));
}

async function runAlone(name: string, { help }: Arguments, run: ProjectRun): Promise<Result<void>> {
  const { recipe, services } = run;
  const task = [...recipe.tasks.values()].find(
    ({ action }) =>
      action.kind === "script" && action.script.kind === "builtin" && action.script.name === name,
  );
  if (!task) return fail({ kind: "unknown-name", what: "task that uses the script", name });
  if (help) {
    const desc = render(task.desc ?? "", services.vars(recipe, task));
    printResult(`${name}: ${desc}\nNeeds: ${task.needs.join(", ") || "nothing"}`);
    return ok(undefined);
  }
  const ready = await needsHold(task, run);
  return ready.ok ? runStep(task, run, "stdout", [], () => undefined) : ready;
}

/** Checks that the needs of a task hold. Internal facts are skipped: a step that runs alone handles them itself. */
async function needsHold(task: Task, { facts, recipe }: ProjectRun): Promise<Result<void>> {
  for (const fact of task.needs) {
    if (recipe.facts.get(fact)?.internal === true) continue;
    const { state, reason, hint } = await facts.evaluate(fact);
    if (state === "unknown") return fail({ kind: "unknown-fact", fact, reason, hint });
    if (state === "false") return fail({ kind: "unmet-fact", fact, task: task.name, reason });
  }
  return ok(undefined);
}
