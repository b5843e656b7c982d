import type { Recipe } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import { whyDueByFacts, whyDueByName } from "./due.js";
import { Planner } from "./planner.js";
import { call, trampoline, type StepCounter, type Coroutine } from "./coroutine.js";
import type { Plan, Progress, Target } from "./planned-steps.js";
import type { CheckResult } from "../failure/check-result.js";

/**
 * Plans backwards from a target to the steps that achieve it, in the order of execution. Yields the name of each fact
 * to check (none twice) and receives the result; it has no other effects.
 * `counter` counts the steps this took.
 * Failures: `unmet-fact` (nothing can make a needed fact true), `unknown-fact` (a check could not tell),
 * `plan-conflict` (a step undoes what a later one needs), `precondition` (one about facts would fail), `unknown-name`
 * (the target names an unknown task).
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
  const hooked = yield* call(planner.planHooksAfter(progress.ran));
  if (!hooked.ok) return hooked;
  for (const name of target.tasks) {
    const task = recipe.tasks.get(name);
    if (task === undefined) return fail({ kind: "unknown-name", what: "task", name });
    if (planner.isPlanned(name)) continue;
    const due = yield* call(
      target.named.includes(name) ? whyDueByName(planner, task) : whyDueByFacts(planner, task),
    );
    if (!due.ok) return due;
    if (due.value === undefined) continue;
    const planned = yield* call(
      planner.plan(task, { cause: { kind: "target" }, above: undefined, reason: due.value }),
    );
    if (!planned.ok) return planned;
  }
  return ok(buildPlan(recipe, target, progress, planner));
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
    afterwards: steps
      .toReversed()
      .flatMap(({ task: after }) =>
        (recipe.tasks.get(after)?.finally ?? []).map((entry) => ({ ...entry, after })),
      ),
    blocked,
    declined,
    notNeeded: usableTasks(recipe, target.tasks).filter(
      (name) => !used.has(name) && recipe.tasks.get(name)?.internal === false,
    ),
  };
}

/**
 * Returns every task that could help to run `tasks`: themselves, the providers of what they need or want, those whose
 * outputs they use, and so on.
 */
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
  // for facts without providers, the facts they require count instead; a list, since their chain may be long
  const requiredFacts: string[] = [];
  const addRequired = (name: string): void => void requiredFacts.push(name);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const task = recipe.tasks.get(name);
    if (task === undefined || found.has(name)) continue;
    found.add(name);
    open.push(...task.uses);
    for (const fact of [...task.needs, ...task.wants].toReversed()) addFact(fact);
    for (let fact = requiredFacts.pop(); fact !== undefined; fact = requiredFacts.pop()) addFact(fact);
  }
  return [...found];
}
