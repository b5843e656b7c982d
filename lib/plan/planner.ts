import type { Failure } from "../failure/failure.js";
import { isDerived } from "../recipe/read-check.js";
import type { Recipe, Task } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import { whyDueByFacts } from "./due.js";
import { Choices } from "./choices.js";
import { UndoLog } from "./undo-log.js";
import { call, type StepCounter, type Coroutine } from "./coroutine.js";
import { type Cause, type Plan, type PlannedStep, type Progress, wantKey } from "./planned-steps.js";
import { type FactState, PredictedState } from "./predicted-state.js";

/** The tasks that led to a task, as a linked list that shares its tail. */
interface Branch {
  readonly task: string;
  readonly above: Branch | undefined;
}

/** Why a task is planned, and the provider to use if it turns out to be unnecessary. */
interface Request {
  readonly cause: Cause;
  readonly above: Branch | undefined;
  readonly reason: string;
  readonly otherwise?: string | undefined;
  readonly hook?: PlannedStep["hook"];
}

interface Savepoint {
  readonly undoLog: number;
  readonly steps: number;
}

type Mutable<T> = T extends readonly (infer Item)[] ? Item[] : never;

/** Builds a plan step by step, and rolls back attempts that fail. */
export class Planner {
  readonly undoLog = new UndoLog();
  readonly predicted: PredictedState;
  readonly steps: PlannedStep[] = [];
  readonly satisfied = new Map<string, string>();
  readonly blocked: Mutable<Plan["blocked"]> = [];
  readonly declined: Mutable<Plan["declined"]> = [];
  readonly #planned = new Map<string, true>();
  readonly #choices: Choices;
  readonly #recipe: Recipe;
  readonly #progress: Progress;

  constructor(recipe: Recipe, progress: Progress, counter: StepCounter) {
    this.#recipe = recipe;
    this.#progress = progress;
    this.predicted = new PredictedState(recipe, this.undoLog, counter);
    this.#choices = new Choices(recipe, this.predicted);
  }

  /** Tells whether a task has run or is in the plan. */
  isPlanned(task: string): boolean {
    return this.#planned.has(task) || this.#progress.ran.has(task);
  }

  /**
   * Plans what makes a fact true for the task `by`. Returns the fact to wait for, if no task provides the fact and it
   * cannot be known yet.
   */
  *need(
    name: string,
    by: string,
    kind: "need" | "want",
    above: Branch,
  ): Coroutine<Result<string | undefined>> {
    const state = yield* call(this.predicted.state(name));
    const choice = yield* call(this.#choices.choose(name));
    if (!choice.ok) return fail(neededBy(choice.failure, by));
    switch (choice.value.kind) {
      case "holds":
        if (state.by === undefined) this.#satisfy(name, state.reason);
        return ok(undefined);
      case "wait": {
        let waits = name;
        for (const required of choice.value.requires) {
          const met = yield* call(this.need(required, by, kind, above));
          if (!met.ok) return met;
          waits = met.value ?? waits;
        }
        return ok(waits);
      }
      case "run": {
        let failure: Failure | undefined;
        for (const [index, provider] of choice.value.providers.entries()) {
          if (this.isPlanned(provider)) return this.#alreadyPlanned(provider, name, state, by);
          const savepoint = this.#savepoint();
          const request = {
            cause: { kind, by, fact: name },
            above,
            reason: state.reason,
            otherwise: choice.value.providers[index + 1],
          };
          const planned = yield* call(this.plan(this.#task(provider), request));
          if (planned.ok) return ok(undefined);
          this.#rollBack(savepoint);
          if (planned.failure.kind !== "unmet-fact") return planned;
          failure ??= planned.failure;
        }
        return fail(failure ?? { kind: "unmet-fact", fact: name, task: by, reason: state.reason });
      }
    }
  }

  /** Plans a task after the facts that it needs and wants. */
  *plan(task: Task, request: Request): Coroutine<Result<void>> {
    const branch: Branch = { task: task.name, above: request.above };
    yield* call(this.#planHooksBefore(task, branch));
    const waiting = new Set<string>();
    let waits: string | undefined;
    for (const name of task.needs) {
      const met = yield* call(this.need(name, task.name, "need", branch));
      if (!met.ok) return met;
      if (met.value === undefined) continue;
      waits ??= met.value;
      waiting.add(name);
    }
    for (const name of task.uses) {
      const used = yield* call(this.#use(name, task.name, branch));
      if (!used.ok) return used;
    }
    for (const name of task.wants) yield* call(this.#want(name, task.name, branch));
    for (const name of task.needs) {
      const state = yield* call(this.predicted.state(name));
      if (state.state === "false" && !waiting.has(name)) return conflict(name, state, task.name);
    }
    // planning its needs may have made its fact true
    if ("fact" in request.cause && (yield* call(this.predicted.state(request.cause.fact))).state === "true")
      return ok(undefined);
    const allowed = yield* call(this.#checkPreconditions(task));
    if (!allowed.ok) return allowed;
    this.undoLog.push(
      this.steps,
      plannedStep(
        branch,
        request,
        waits === undefined ? undefined : (this.predicted.fact(waits).desc ?? `${waits} holds`),
      ),
    );
    this.undoLog.set(this.#planned, task.name, true);
    this.predicted.apply(task);
    this.#choices.applied(task);
    return yield* call(this.planHooksAfter([task.name], branch));
  }

  /** Plans the hooks of the tasks among these that make the fact of the hooks true. */
  *planHooksAfter(tasks: Iterable<string>, above?: Branch): Coroutine<Result<void>> {
    const { fact, afterTrue } = this.#recipe.hooks;
    if (afterTrue.length === 0) return ok(undefined);
    const cause = [...tasks].find((name) => this.#task(name).provides.includes(fact));
    if (cause === undefined) return ok(undefined);
    for (const name of afterTrue) {
      const planned = yield* call(
        this.#planHook(name, { reason: `after ${cause}`, above, hook: "after" as const }),
      );
      if (!planned.ok) return planned;
    }
    return ok(undefined);
  }

  /** Plans the hooks before a task that makes their fact false. One that cannot run does not prevent it. */
  *#planHooksBefore(task: Task, above: Branch): Coroutine<void> {
    const { fact, beforeFalse } = this.#recipe.hooks;
    if (beforeFalse.length === 0 || !task.clears.includes(fact)) return;
    const state = yield* call(this.predicted.state(fact));
    if (state.state !== "true") return;
    for (const name of beforeFalse) {
      const savepoint = this.#savepoint();
      const request = { reason: `before ${task.name}`, above, hook: "before" } as const;
      const planned = yield* call(this.#planHook(name, request));
      if (planned.ok) continue;
      this.#rollBack(savepoint);
      this.undoLog.push(this.blocked, { task: name, fact, failure: planned.failure, isHook: true });
    }
  }

  *#planHook(name: string, request: Omit<Request, "cause">): Coroutine<Result<void>> {
    if (this.isPlanned(name)) return ok(undefined);
    const task = this.#task(name);
    const due = yield* call(whyDueByFacts(this, task));
    if (!due.ok || due.value === undefined) return due.ok ? ok(undefined) : due;
    return yield* call(this.plan(task, { ...request, cause: { kind: "target" } }));
  }

  /** Plans a task whose output the task `by` uses. One whose facts hold already is left alone, so it prints nothing. */
  *#use(name: string, by: string, branch: Branch): Coroutine<Result<void>> {
    if (this.isPlanned(name) || this.#progress.cleanup === true) return ok(undefined);
    const task = this.#task(name);
    const due = yield* call(whyDueByFacts(this, task));
    if (!due.ok) return due;
    if (due.value === undefined)
      return fail({
        kind: "precondition",
        task: by,
        message: `${by} uses an output of ${name}, but ${name} does not run: what it would do is done already.`,
        hint: `\`tazpod run ${name} ${by}\` runs it nevertheless. A task that provides and clears nothing runs whenever its output is used.`,
        at: this.#task(by).at,
      });
    const reason = `${by} uses its output`;
    return yield* call(this.plan(task, { cause: { kind: "output", by }, above: branch, reason }));
  }

  *#want(name: string, by: string, branch: Branch): Coroutine<void> {
    if (this.#progress.declined.has(wantKey(by, name))) {
      this.undoLog.push(this.declined, { task: by, fact: name });
      return;
    }
    const savepoint = this.#savepoint();
    const met = yield* call(this.need(name, by, "want", branch));
    if (met.ok) return;
    this.#rollBack(savepoint);
    this.undoLog.push(this.blocked, { task: by, fact: name, failure: met.failure });
  }

  /** Checks preconditions about facts now, so that no step runs before one that must fail. */
  *#checkPreconditions(task: Task): Coroutine<Result<void>> {
    for (const { check, msg, onUnknown, at } of task.preconditions) {
      if (!isDerived(check)) continue;
      const state = yield* call(this.predicted.evaluate(check));
      if (state.state === "false")
        return fail({
          kind: "precondition",
          task: task.name,
          message: msg.replaceAll(/\{\{\s*reason\s*\}\}/g, () => state.reason),
          at,
        });
      if (state.state === "unknown" && onUnknown === "fail")
        return fail({ kind: "precondition", task: task.name, message: state.reason, hint: state.hint, at });
    }
    return ok(undefined);
  }

  #savepoint(): Savepoint {
    return { undoLog: this.undoLog.savepoint(), steps: this.steps.length };
  }

  #rollBack({ undoLog, steps }: Savepoint): void {
    // a step that is rolled back may have cleared a fact, so cached choices may be wrong
    if (this.steps.slice(steps).some(({ task }) => this.#task(task).clears.length > 0))
      this.#choices.forget();
    this.undoLog.rollBack(undoLog);
  }

  #satisfy(name: string, reason: string): void {
    if (!this.satisfied.has(name)) this.undoLog.set(this.satisfied, name, reason);
  }

  /** Reports a fact that is needed again after its task has run or is planned: a mistake in the recipe or the step. */
  #alreadyPlanned(
    provider: string,
    fact: string,
    state: FactState,
    by: string,
  ): { readonly ok: false; readonly failure: Failure } {
    if (this.#planned.has(provider) && state.by !== undefined) return conflict(fact, state, by);
    return fail({
      kind: "plan-conflict",
      message: `${provider} already ran, and ${by} needs "${fact}", which does not hold: ${state.reason}`,
      hint: "a task runs once",
    });
  }

  #task(name: string): Task {
    const task = this.#recipe.tasks.get(name);
    if (task === undefined) throw new Error(`no task ${name} in a checked recipe`);
    return task;
  }
}

function neededBy(failure: Failure, by: string): Failure {
  return failure.kind === "unmet-fact" && failure.task === undefined ? { ...failure, task: by } : failure;
}

function conflict(
  fact: string,
  state: FactState,
  by: string,
): { readonly ok: false; readonly failure: Failure } {
  const cause = state.by === undefined ? `"${fact}" no longer holds` : `${state.by} clears "${fact}"`;
  return fail({
    kind: "plan-conflict",
    message: `${cause}, but ${by} needs it later`,
    hint: "a task runs once: change the order in the recipe",
  });
}

function plannedStep(
  branch: Branch,
  { cause, reason, otherwise, hook }: Request,
  condition: string | undefined,
): PlannedStep {
  return {
    task: branch.task,
    certain: condition === undefined,
    otherwise: condition === undefined ? undefined : otherwise,
    reason: condition === undefined ? reason : `if ${condition}`,
    cause,
    hook,
    // computed on access: the branches of a long chain take quadratic memory
    get branch() {
      const tasks: string[] = [];
      for (let here: Branch | undefined = branch; here !== undefined; here = here.above)
        tasks.push(here.task);
      return tasks.toReversed();
    },
  };
}
