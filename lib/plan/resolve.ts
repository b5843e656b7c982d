import type { Recipe, Task } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import { unknownFact } from "./choices.js";
import { Planner } from "./planner.js";
import { call, trampoline, type StepCounter, type Coroutine } from "./coroutine.js";
import type { Plan, Progress, Target } from "./plan.js";
import type { CheckResult } from "../failure/check-result.js";

/**
 * Works back from a target to the steps it takes, in the order they would run. Yields the name of each fact it has to
 * know (none twice) and takes its verdict; it does nothing else to the world.
 *
 * `counter` counts the rounds it took, which grow with what it visits.
 *
 * Failures: `unmet-fact` (nothing can make a needed fact true), `unknown-fact` (a check could not tell),
 * `plan-conflict` (a step undoes what a later one needs), `precondition` (one about facts would not hold),
 * `unknown-name` (the target names a task that is not there).
 */
export function resolve(
  recipe: Recipe,
  target: Target,
  progress: Progress,
  counter: StepCounter = { steps: 0 },
): Generator<string, Result<Plan>, CheckResult> {
  return trampoline(planFor(recipe, target, progress, counter), counter);
}

function* planFor(
  recipe: Recipe,
  target: Target,
  progress: Progress,
  counter: StepCounter,
): Coroutine<Result<Plan>> {
  const planner = new Planner(recipe, progress, counter);
  for (const name of target.tasks) {
    const task = recipe.tasks.get(name);
    if (task === undefined) return fail({ kind: "unknown-name", what: "task", name });
    if (planner.isPlanned(name)) continue;
    const due = yield* call(target.named ? whyDueByName(planner, task) : whyDueByFacts(planner, task));
    if (!due.ok) return due;
    if (due.value === undefined) continue;
    const planned = yield* call(
      planner.plan(task, { cause: { kind: "target" }, above: undefined, reason: due.value }),
    );
    if (!planned.ok) return planned;
  }
  return ok(buildPlan(recipe, target, progress, planner));
}

/** Named by hand a task runs whatever its facts say, unless all it does is to end what has ended already. */
function* whyDueByName({ predicted }: Planner, task: Task): Coroutine<Result<string | undefined>> {
  if (task.clears.length === 0 || task.provides.length > 0) return ok("asked for");
  for (const name of task.clears) {
    const state = yield* call(predicted.state(name));
    if (state.state !== "false") return ok("asked for");
  }
  return ok(undefined);
}

/** Why a task is due, in words; undefined when all it provides holds and all it clears is false. */
function* whyDueByFacts(
  { predicted, satisfied }: Planner,
  task: Task,
): Coroutine<Result<string | undefined>> {
  if (task.provides.length + task.clears.length === 0) return ok("asked for");
  for (const name of task.provides) {
    const state = yield* call(predicted.state(name));
    if (state.state === "unknown") return unknownFact(name, state);
    if (state.state !== "true") return ok(state.reason);
    if (state.by === undefined) satisfied.set(name, state.reason);
  }
  for (const name of task.clears) {
    const state = yield* call(predicted.state(name));
    if (state.state === "unknown") return unknownFact(name, state);
    if (state.state !== "false") return ok(`clears ${name}`);
  }
  return ok(undefined);
}

function buildPlan(
  recipe: Recipe,
  target: Target,
  progress: Progress,
  { steps, satisfied, blocked, declined }: Planner,
): Plan {
  const used = new Set([
    ...target.tasks,
    ...progress.ran,
    ...steps.flatMap(({ task, otherwise }) => (otherwise === undefined ? [task] : [task, otherwise])),
  ]);
  return {
    target: target.name,
    steps,
    satisfied: [...satisfied].map(([fact, reason]) => ({ fact, reason })),
    afterwards: steps.flatMap(({ task: after }) =>
      (recipe.tasks.get(after)?.finally ?? []).map((entry) => ({ ...entry, after })),
    ),
    blocked,
    declined,
    notNeeded: usableTasks(recipe, target.tasks).filter(
      (name) => !used.has(name) && recipe.tasks.get(name)?.internal === false,
    ),
  };
}

/** Every task that could be of use to `tasks`: them, and what can provide what they need or want, and so on. */
function usableTasks(recipe: Recipe, tasks: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const facts = new Set<string>();
  const open = tasks.toReversed();
  const addFact = (name: string): void => {
    if (facts.has(name)) return;
    facts.add(name);
    const fact = recipe.facts.get(name);
    open.push(...(fact?.providers ?? []).toReversed());
    if (fact?.providers.length === 0) fact.requires.forEach(addRequired);
  };
  // Requirements of facts that nothing provides are sought in their place; their chain may be long.
  const requiredFacts: string[] = [];
  const addRequired = (name: string): void => void requiredFacts.push(name);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const task = recipe.tasks.get(name);
    if (task === undefined || found.has(name)) continue;
    found.add(name);
    for (const fact of [...task.needs, ...task.wants].toReversed()) addFact(fact);
    for (let fact = requiredFacts.pop(); fact !== undefined; fact = requiredFacts.pop()) addFact(fact);
  }
  return [...found];
}
