import type { PlannedStep } from "../plan/planned-steps.js";
import type { Recipe, Task } from "../recipe/recipe.js";
import { parseJson } from "../host/json.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Facts } from "./facts.js";

/** The variable that tells programs which runs they are part of, as JSON: a list of `OuterStep`, the outermost first. */
export const runVariable = "TAZPOD_RUN";

/** A step, or the check of a fact, of a run that started this process, directly or through others. */
interface OuterStep {
  /** The project's folder. */
  readonly root: string;
  /** The task, or the fact whose check it is. */
  readonly name: string;
  readonly kind: "task" | "check";
  /** Facts that the run relies on. */
  readonly facts: readonly string[];
}

/** Returns the steps that started this process; none if the variable is absent or not from tazpod. */
function outerSteps(env: NodeJS.ProcessEnv = process.env): readonly OuterStep[] {
  const value = parseJson(env[runVariable] ?? "[]");
  return Array.isArray(value) ? value.filter(isOuterStep) : [];
}

function isOuterStep(value: unknown): value is OuterStep {
  const { root, name, kind, facts } = Object(value) as Partial<Record<keyof OuterStep, unknown>>;
  const isText = (one: unknown): boolean => typeof one === "string";
  return isText(root) && isText(name) && isText(kind) && Array.isArray(facts) && facts.every(isText);
}

/** Returns the variable for programs of a step or check. */
export function withStep(step: OuterStep): Record<string, string> {
  return { [runVariable]: JSON.stringify([...outerSteps(), step]) };
}

/** Runs a step with the variable set, so that all programs that it starts inherit it. Steps run one at a time. */
export async function insideStep<T>(step: OuterStep, work: () => Promise<T>): Promise<T> {
  const before = process.env[runVariable];
  Object.assign(process.env, withStep(step));
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env[runVariable];
    else process.env[runVariable] = before;
  }
}

/** Returns the tasks or checks of this project that are running already, because they started this process. */
export function outerNames(root: string, kind: OuterStep["kind"]): readonly string[] {
  return outerSteps()
    .filter((step) => step.root === root && step.kind === kind)
    .map(({ name }) => name);
}

/** Returns the facts that a run relies on: those that its tasks need, want or have provided, and what these require. */
export function reliedOn(recipe: Recipe, tasks: Iterable<Task>): string[] {
  const found = new Set(
    [...tasks].flatMap(({ needs, wants, provides }) => [...needs, ...wants, ...provides]),
  );
  // the loop also visits what it adds
  for (const name of found)
    for (const required of recipe.facts.get(name)?.requires ?? []) found.add(required);
  return [...found];
}

/** Returns the facts that an outer run of this project relies on, that a task could clear, and that hold now. */
export async function heldFacts(root: string, recipe: Recipe, facts: Facts): Promise<ReadonlySet<string>> {
  const relied = new Set(outerSteps().flatMap((step) => (step.root === root ? step.facts : [])));
  const held = new Set<string>();
  for (const name of new Set([...recipe.tasks.values()].flatMap(({ clears }) => clears)))
    if (relied.has(name) && (await facts.evaluate(name)).state === "true") held.add(name);
  return held;
}

/** Refuses a plan that runs a task within itself, or clears what an outer run relies on. Failure: `nested-run`. */
export function checkNested(
  steps: readonly PlannedStep[],
  recipe: Recipe,
  root: string,
  held: ReadonlySet<string>,
): Result<void> {
  const chain = outerNames(root, "task");
  for (const { task } of steps) {
    if (chain.includes(task)) return fail({ kind: "nested-run", task, chain });
    const fact = recipe.tasks.get(task)?.clears.find((name) => held.has(name));
    if (fact !== undefined) return fail({ kind: "nested-run", task, chain, fact });
  }
  return ok(undefined);
}
