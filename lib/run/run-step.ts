import type { Failure } from "../failure/failure.js";
import { sleep } from "../host/clock.js";
import { printResult } from "../host/screen.js";
import { render } from "../recipe/render.js";
import type { Task } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import { execute, printsFreely, type Stdout } from "./execute.js";
import { findValues, keepPrinted, Printed, readDotenv } from "./found-values.js";
import { evaluate } from "./checks.js";
import { type Report, resultLine, showOutput } from "./progress.js";
import type { Run } from "./run-context.js";

/** Returns what the screen calls a task: its description, or its name. */
export function titleOf(task: Task, { recipe, services }: Run): string {
  return task.desc === undefined ? task.name : render(task.desc, services.vars(recipe, task));
}

/**
 * Runs one step: its preconditions, its action with time limit and retries, then the check of what it provides. Calls
 * `onStart` when the action begins. `waiting` are the titles of the steps after it.
 */
export async function runStep(
  task: Task,
  run: Run,
  stdout: Stdout,
  waiting: readonly string[],
  onStart: () => void,
): Promise<Result<void>> {
  const asked = await findValues(task, task.preconditions, run);
  if (!asked.ok) return asked;
  const ready = await checkPreconditions(task, run);
  if (!ready.ok) return ready;
  const found = await findValues(task, usedBy(task), run);
  if (!found.ok) return found;
  const environment = await readDotenv(task, run);
  if (!environment.ok) return environment;
  onStart();
  const worked = await runWithRetries(task, run, stdout, waiting);
  run.facts.invalidate(task);
  const refreshed = await run.services.refresh(run.recipe);
  const { received, signal } = run.interrupts;
  // an interruption counts more than the step's own result
  if (signal.aborted) return fail({ kind: "interrupted", signal: received ?? String(signal.reason) });
  if (!worked.ok) return fail(withTaskName(task, worked.failure));
  if (!refreshed.ok) return refreshed;
  return checkAchieved(task, run);
}

/** Returns what a step fills with values: its own variables, which its programs find in the environment, and its texts. */
function usedBy({ vars, action, env, dotenv, dir }: Task): unknown {
  return [vars.map(({ name }) => `{{${name}}}`), action, env, dotenv, dir];
}

async function checkPreconditions(
  task: Task,
  { recipe, services, facts, interrupts }: Run,
): Promise<Result<void>> {
  for (const { check, msg, onUnknown } of task.preconditions) {
    const context = services.context(recipe, task, interrupts.signal);
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

async function runWithRetries(
  task: Task,
  run: Run,
  stdout: Stdout,
  waiting: readonly string[],
): Promise<Result<unknown>> {
  for (let attempt = 0; ; attempt += 1) {
    const result = await runAttempt(task, run, stdout, waiting);
    if (result.ok || attempt >= task.retries || run.interrupts.signal.aborted) return result;
    if (result.failure.kind === "script" && result.failure.unloadable === true) return result;
    await sleep(Math.min(500 * 2 ** attempt, 10_000), run.interrupts.signal);
  }
}

async function runAttempt(
  task: Task,
  run: Run,
  stdout: Stdout,
  waiting: readonly string[],
): Promise<Result<unknown>> {
  const { recipe, services, interrupts, progress } = run;
  const limit = new AbortController();
  const { timeoutMs } = task;
  const printed = new Printed();
  const keep = task.outputs.length === 0 ? undefined : (chunk: Buffer) => printed.add(chunk);
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => limit.abort("timeout"), timeoutMs);
  const signal = AbortSignal.any([interrupts.signal, limit.signal]);
  const work = async (report: Report): Promise<Result<unknown>> => {
    const result = await execute(task, services.context(recipe, task, signal, report, print), {
      stdout,
      keep,
    });
    if (!result.ok) return result;
    const kept = keepPrinted(task, printed, run);
    return kept.ok ? result : kept;
  };
  try {
    const result = await show(work);
    if (limit.signal.aborted && !result.ok)
      return fail({ kind: "timeout", what: task.name, ms: timeoutMs ?? 0 });
    return result;
  } finally {
    clearTimeout(timer);
  }

  /** Prints a line for a module, which has no stdout of its own. */
  function print(line: string): void {
    keep?.(Buffer.from(`${line}\n`));
    if (task.silent || services.options.quiet) return;
    if (stdout === "stdout") printResult(line);
    else services.terminal.print(line);
  }

  async function show(shown: typeof work): Promise<Result<unknown>> {
    const { terminal, options } = services;
    const title = titleOf(task, run);
    if (printsFreely(task, options))
      return showOutput(terminal, { name: task.name, title }, () => shown(() => undefined));
    if (!task.silent && !task.interactive) return progress.step({ name: task.name, title, waiting }, shown);
    const result = await progress.during(title, () => shown(() => undefined));
    if (result.ok && typeof result.value === "string")
      terminal.print(resultLine({ name: task.name, title }, result, terminal));
    return result;
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
