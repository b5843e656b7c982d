import { failureText } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { pathExists } from "../host/project-file.js";
import { wantKey, type Plan, type PlannedStep, type Target } from "../plan/planned-steps.js";
import type { FinallyEntry, Task } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import { ask, isAnsweredByFlag, nextQuestion } from "./confirm.js";
import { findValues } from "./found-values.js";
import { withDescriptions, interrupted, currentPlan } from "./plan-of.js";
import { checkNested, heldFacts, insideStep, reliedOn } from "./outer-runs.js";
import { runStep, titleOf } from "./run-step.js";
import type { Run } from "./run-context.js";

/** How often a plan may be outdated before the run gives up. */
const maxReplans = 5;

/** What a run of one target has done so far. */
interface TargetState {
  readonly target: Target;
  /** The target is an entry of a `finally`. */
  readonly cleanup: boolean;
  readonly ran: Set<string>;
  readonly declined: Set<string>;
  readonly settled: Set<string>;
  /** Facts that hold and that an outer run relies on. */
  readonly held: ReadonlySet<string>;
  /** Started tasks that have something to clean up, in the order they started. */
  readonly started: Task[];
  /** Failures of hooks, which stop nothing. */
  readonly failures: Failure[];
  /** What to clean up because a hook has failed. */
  readonly undo: FinallyEntry[];
}

/**
 * Reaches a target one step at a time, and plans again after each step. At the end it always runs the `finally` entries
 * of all tasks that started, the last started first.
 */
export async function runTarget(target: Target, run: Run, cleanup = false): Promise<Result<void>> {
  const state: TargetState = {
    target,
    cleanup,
    ran: new Set(),
    declined: new Set(),
    settled: new Set(target.named),
    started: [],
    failures: [],
    undo: [],
    held: await heldFacts(run.services.project.root, run.recipe, run.facts),
  };
  let outcome: Result<void>;
  let failures: Failure[] = [];
  try {
    outcome = await runUntilDone(state, run);
  } finally {
    // also after a thrown error
    failures = [...state.failures, ...(await cleanUp(state, run))];
  }
  if (failures.length === 0) return outcome;
  return fail({
    kind: "cleanup-failed",
    ...(outcome.ok ? {} : { first: outcome.failure }),
    causes: failures,
  });
}

async function runUntilDone(state: TargetState, run: Run): Promise<Result<void>> {
  // whether a cleanup is still needed is up to the caller, so it does not plan again
  for (let replans = state.cleanup ? maxReplans : 0; ;) {
    if (run.interrupts.signal.aborted) return fail(interrupted(run));
    const plan = await currentPlan(state.target, run, state);
    if (!plan.ok) return plan;
    const blocked = plan.value.blocked[0];
    if (blocked?.isHook === true) {
      state.failures.push(withDescriptions(blocked.failure, run));
      state.ran.add(blocked.task);
      continue;
    }
    if (blocked) {
      const without = await offerToContinue(blocked, withDescriptions(blocked.failure, run), run);
      if (!without.ok) return without;
      state.declined.add(wantKey(blocked.task, blocked.fact));
      continue;
    }
    const nested = checkNested(plan.value.steps, run.recipe, run.services.project.root, state.held);
    if (!nested.ok) return nested;
    const [step] = plan.value.steps;
    if (!step) {
      if (state.ran.size === 0 && !state.cleanup) await printNothingToDo(state.target, run);
      return ok(undefined);
    }
    const done = await runNextStep(plan.value, step, state, run);
    if (done.ok) continue;
    if (!isOutdated(done.failure, replans)) {
      const hook = hookOf(plan.value, step);
      // a hook before another task does not prevent it; one after it ends what it began
      if (hook?.hook === "after") state.undo.push(...undoing(run.recipe));
      if (hook?.hook !== "before" || done.failure.kind === "interrupted") return done;
      state.failures.push(done.failure);
      state.ran.add(hook.task);
      continue;
    }
    replans += 1;
    run.facts.invalidateAll();
  }
}

/** Reports why a task that was asked for did not run: what it would clear is not there. */
async function printNothingToDo({ named }: TargetState["target"], run: Run): Promise<void> {
  const { recipe, facts, services } = run;
  const cleared = named.flatMap((name) => recipe.tasks.get(name)?.clears ?? []);
  for (const fact of cleared) {
    const [reason = ""] = (await facts.evaluate(fact)).reason.split("\n");
    services.terminal.print(`Nothing to do: ${reason.replace(/\.$/, "")}.`);
  }
}

/** Other sessions open and close the vault too; a limit ends endless replanning. */
function isOutdated(failure: Failure, replans: number): boolean {
  return failure.kind === "changed-meanwhile" && replans < maxReplans;
}

/** Runs the first step of a plan, or records that its branch was declined. */
async function runNextStep(
  plan: Plan,
  step: PlannedStep,
  state: TargetState,
  run: Run,
): Promise<Result<void>> {
  const { recipe, services, facts } = run;
  const want = wantOf(plan, step);
  for (const name of step.branch) {
    const asking = recipe.tasks.get(name) as Task;
    const found = await findValues(asking, asking.confirm?.msg ?? "", run);
    if (!found.ok) return found;
  }
  const asked = nextQuestion(recipe, plan, step, state, (task) => services.vars(recipe, task));
  if (asked) {
    const answer = await ask(asked, services.options, services.terminal);
    if (!answer.ok) return answer;
    if (!answer.value) {
      const declined = wantOf(plan, stepOf(plan, asked.tasks[0] ?? step.task) ?? step);
      if (!declined) return fail({ kind: "declined", question: asked.text });
      state.declined.add(wantKey(declined.by, declined.fact));
      const skipped = recipe.tasks.get(asked.tasks[0] ?? "");
      if (skipped) services.terminal.print(`- ${titleOf(skipped, run)}: declined`);
      return ok(undefined);
    }
    for (const task of asked.tasks) state.settled.add(task);
    if (!isAnsweredByFlag(asked, services.options)) {
      // much may have changed until the person answered
      facts.invalidateAll();
      return services.refresh(recipe);
    }
  }
  const task = recipe.tasks.get(step.task) as Task;
  if (services.options.verbose) services.terminal.print(`+ ${step.task}: ${step.reason}`);
  const forced = state.target.named.includes(task.name);
  if (!forced && (await alreadyHolds(task, facts))) return ok(undefined);
  // only the requested task prints results on stdout
  const isAsked = state.target.tasks.includes(task.name) && !state.cleanup;
  const stdout = isAsked && !services.options.json ? "stdout" : "stderr";
  const involved = [...state.ran, ...state.target.tasks, task.name].flatMap(
    (name) => recipe.tasks.get(name) ?? [],
  );
  const outer = {
    root: run.services.project.root,
    name: task.name,
    kind: "task",
    facts: reliedOn(recipe, involved),
  } as const;
  const result = await insideStep(outer, () =>
    runStep(task, run, stdout, waitingAfter(plan, task, run), () => {
      state.ran.add(task.name);
      if (task.finally.length > 0) state.started.push(task);
    }),
  );
  // it did nothing: there is nothing to clean up, and it has yet to run
  if (!result.ok && result.failure.kind === "changed-meanwhile") {
    state.ran.delete(task.name);
    if (state.started.at(-1) === task) state.started.pop();
    return result;
  }
  if (result.ok || !want || result.failure.kind === "interrupted") return result;
  const without = await offerToContinue({ task: want.by }, result.failure, run);
  if (without.ok) state.declined.add(wantKey(want.by, want.fact));
  return without;
}

/** Returns the titles of the steps planned after a task. */
function waitingAfter({ steps }: Plan, task: Task, run: Run): string[] {
  const later = steps.slice(steps.findIndex((step) => step.task === task.name) + 1);
  return later.flatMap(({ task: name }) => {
    const waiting = run.recipe.tasks.get(name);
    return waiting === undefined ? [] : [titleOf(waiting, run)];
  });
}

/** Returns whether a step became unnecessary since it was planned. */
async function alreadyHolds(task: Task, facts: Run["facts"]): Promise<boolean> {
  if (task.provides.length + task.clears.length === 0) return false;
  for (const fact of task.provides) if ((await facts.recheck(fact)).state !== "true") return false;
  for (const fact of task.clears) if ((await facts.recheck(fact)).state !== "false") return false;
  return true;
}

/** Asks whether to continue without a want that failed; --yes does not answer. Without a terminal it fails. */
async function offerToContinue(
  want: { readonly task: string },
  failure: Failure,
  { services }: Run,
): Promise<Result<void>> {
  const { terminal, options } = services;
  if (!terminal.interactive || options.args.length > 0) return fail(failure);
  terminal.warn(failureText(failure));
  const answer = await terminal.confirm(`Continue with ${want.task} anyway?`, false);
  if (!answer.ok) return answer;
  return answer.value ? ok(undefined) : fail(failure);
}

function stepOf(plan: Plan, task: string): PlannedStep | undefined {
  return plan.steps.find((step) => step.task === task);
}

/** Returns the hook that a step belongs to: itself, or what it is needed for. */
function hookOf(plan: Plan, step: PlannedStep): PlannedStep | undefined {
  return step.branch.map((name) => stepOf(plan, name)).find((one) => one?.hook !== undefined);
}

/** Returns the cleanup that makes the fact of the hooks false again: as another task's `finally` has it, if any. */
function undoing({ tasks, hooks }: Run["recipe"]): readonly FinallyEntry[] {
  const task = [...tasks.values()].find(({ clears }) => clears.includes(hooks.fact));
  if (task === undefined) return [];
  const entries = [...tasks.values()].flatMap((one) => one.finally);
  return [entries.find((entry) => entry.task === task.name) ?? { task: task.name }];
}

/** Returns the innermost want between the target and a step. */
function wantOf(plan: Plan, step: PlannedStep): { readonly by: string; readonly fact: string } | undefined {
  for (const name of step.branch.toReversed()) {
    const cause = stepOf(plan, name)?.cause;
    if (cause?.kind === "want") return cause;
  }
  return undefined;
}

/** Runs all entries even if some fail; an error thrown by one is rethrown at the end. */
async function cleanUp({ started, undo }: TargetState, run: Run): Promise<Failure[]> {
  const failures: Failure[] = [];
  const bugs: unknown[] = [];
  const entries = [...started.toReversed().flatMap((task) => task.finally), ...undo];
  const { root } = run.services.project;
  // nothing can be saved there, and nothing must be created there
  if (entries.length > 0 && !(await pathExists(root)))
    return [{ kind: "project-gone", root, container: run.services.vars(run.recipe)["container"] }];
  for (const entry of entries) {
    try {
      const result = await cleanUpOne(entry, run);
      if (!result.ok) failures.push(result.failure);
    } catch (error) {
      bugs.push(error);
    }
  }
  run.interrupts.endCleanup();
  if (bugs.length > 0) throw bugs[0];
  return failures;
}

async function cleanUpOne({ task, unless }: FinallyEntry, run: Run): Promise<Result<void>> {
  run.interrupts.startCleanup(task);
  // the outer run still needs it, and cleans up itself
  const held = await heldFacts(run.services.project.root, run.recipe, run.facts);
  if (run.recipe.tasks.get(task)?.clears.some((fact) => held.has(fact))) return ok(undefined);
  for (let replans = 0; ; replans += 1) {
    const spared = unless === undefined ? undefined : await run.facts.evaluate(unless);
    if (spared?.state === "true") return ok(undefined);
    const done = await runTarget({ name: task, tasks: [task], named: [] }, run, true);
    if (done.ok || !(isOutdated(done.failure, replans) || isConcurrentChange(done.failure, replans)))
      return done;
    run.facts.invalidateAll();
    if (await alreadyHolds(run.recipe.tasks.get(task) as Task, run.facts)) return ok(undefined);
  }
}

/** A session that ends at the same time may undo what a step achieved, or do it first. */
function isConcurrentChange(failure: Failure, replans: number): boolean {
  const { kind } = failure.kind === "task-failed" ? failure.cause : failure;
  return (
    (kind === "not-achieved" || kind === "precondition" || kind === "vault-closed") && replans < maxReplans
  );
}
