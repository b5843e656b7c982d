import type { Failure } from "../failure/failure.js";
import { sleep } from "../host/clock.js";
import { render } from "../recipe/render.js";
import type { Task } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import { execute, printsFreely, type Stdout } from "./execute.js";
import { evaluate } from "./checks.js";
import { plainProgress, type Report } from "./progress.js";
import type { Run } from "./run-context.js";

/**
 * Runs one step: its preconditions, its action with time limit and retries, then the check of what it provides. Calls
 * `onStart` when the action begins.
 */
export async function runStep(
  task: Task,
  run: Run,
  stdout: Stdout,
  onStart: () => void,
): Promise<Result<void>> {
  const ready = await checkPreconditions(task, run);
  if (!ready.ok) return ready;
  onStart();
  const worked = await runWithRetries(task, run, stdout);
  run.facts.invalidate(task);
  const refreshed = await run.services.refresh(run.recipe);
  const { received, signal } = run.interrupts;
  // an interruption counts more than the step's own result
  if (signal.aborted) return fail({ kind: "interrupted", signal: received ?? String(signal.reason) });
  if (!worked.ok) return fail(withTaskName(task, worked.failure));
  if (!refreshed.ok) return refreshed;
  return checkAchieved(task, run);
}

async function checkPreconditions(
  task: Task,
  { recipe, services, facts, interrupts }: Run,
): Promise<Result<void>> {
  for (const { check, msg, onUnknown } of task.preconditions) {
    const context = services.context(recipe, task, interrupts.signal, () => undefined);
    const verdict = await evaluate(check, {
      context,
      subject: task.name,
      fact: (name) => facts.evaluate(name),
    });
    if (verdict.state === "true" || (verdict.state === "unknown" && onUnknown === "pass")) continue;
    const { state, reason, hint } = verdict;
    const quotesReason = msg.includes("{{reason}}");
    const message = state === "unknown" && !quotesReason ? reason : render(msg, { ...context.vars, reason });
    return fail({
      kind: "precondition",
      ...{ task: task.name, message, hint: state === "unknown" || quotesReason ? hint : undefined },
    });
  }
  return ok(undefined);
}

async function runWithRetries(task: Task, run: Run, stdout: Stdout): Promise<Result<unknown>> {
  for (let attempt = 0; ; attempt += 1) {
    const result = await runAttempt(task, run, stdout);
    if (result.ok || attempt >= task.retries || run.interrupts.signal.aborted) return result;
    await sleep(Math.min(500 * 2 ** attempt, 10_000), run.interrupts.signal);
  }
}

async function runAttempt(
  task: Task,
  { recipe, services, interrupts, progress }: Run,
  stdout: Stdout,
): Promise<Result<unknown>> {
  const limit = new AbortController();
  const { timeoutMs } = task;
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => limit.abort("timeout"), timeoutMs);
  const signal = AbortSignal.any([interrupts.signal, limit.signal]);
  const work = (report: Report) => execute(task, services.context(recipe, task, signal, report), stdout);
  try {
    const title =
      task.desc === undefined ? task.name : `${task.name}: ${render(task.desc, services.vars(recipe, task))}`;
    const quiet = task.silent || task.interactive;
    // a list that is redrawn would be mixed with the task's output
    const shown = printsFreely(task) ? plainProgress(services.terminal) : progress;
    const result = await (quiet ? work(() => undefined) : shown.show(title, work));
    if (limit.signal.aborted && !result.ok)
      return fail({ kind: "timeout", what: task.name, ms: timeoutMs ?? 0 });
    return result;
  } finally {
    clearTimeout(timer);
  }
}

async function checkAchieved(task: Task, { facts }: Run): Promise<Result<void>> {
  const expectations = [
    ...task.provides.map((fact) => ({ fact, expected: true })),
    ...task.clears.map((fact) => ({ fact, expected: false })),
  ];
  for (const { fact, expected } of expectations) {
    const verdict = await facts.evaluate(fact);
    if (verdict.state === "unknown")
      return fail({
        kind: "unknown-fact",
        fact,
        reason: verdict.reason,
        hint: verdict.hint,
      });
    if ((verdict.state === "true") !== expected)
      return fail({ kind: "not-achieved", task: task.name, fact, expected, reason: verdict.reason });
  }
  return ok(undefined);
}

/** Adds the task's name to a failure, except to an exit code, an interruption and an outdated plan. */
function withTaskName(task: Task, cause: Failure): Failure {
  return cause.kind === "exit-code" || cause.kind === "interrupted" || cause.kind === "changed-meanwhile"
    ? cause
    : { kind: "task-failed", task: task.name, cause };
}
