import { resolve } from "../../lib/plan/resolve.js";
import type { StepCounter } from "../../lib/plan/coroutine.js";
import type { Plan, Progress, Target } from "../../lib/plan/planned-steps.js";
import type { CheckResult } from "../../lib/failure/check-result.js";
import type { Failure } from "../../lib/failure/failure.js";
import type { Result } from "../../lib/failure/result.js";
import { loadRecipe } from "../../lib/recipe/load-recipe.js";
import type { Recipe } from "../../lib/recipe/recipe.js";
import { builtinVars } from "../../lib/session/services.js";

/** Loads a recipe of one file as the built-in one, without `new`. Every `script` it names exists. */
export async function recipeOf(text: string): Promise<Recipe> {
  const names = [...text.matchAll(/^ {2}([a-z][a-z0-9-]*):/gm)].map((match) => match[1] ?? "");
  const loaded = await loadRecipe({
    builtin: { path: "recipe.yaml", text: `version: 1\n${text}` },
    read: async () => ({ ok: true, value: undefined }),
    knownVars: builtinVars,
    builtinScripts: names,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure, undefined, 2));
  return loaded.value;
}

/** The state of each fact; false by default. A string with a colon has a reason: "unknown: connection refused". */
export type World = Readonly<Record<string, boolean | string>>;

function verdictOf(fact: string, world: World): CheckResult {
  const said = world[fact] ?? false;
  if (typeof said === "boolean") return { state: said ? "true" : "false", reason: `${fact} is ${said}` };
  const [state = "", reason = ""] = said.split(": ");
  return { state: state as CheckResult["state"], reason };
}

export interface Resolved {
  readonly result: Result<Plan>;
  /** The facts that were checked, in order. */
  readonly asked: readonly string[];
}

export interface Options {
  readonly named?: boolean;
  readonly ran?: readonly string[];
  readonly declined?: readonly string[];
  readonly counter?: StepCounter;
}

export function resolveIn(
  recipe: Recipe,
  tasks: string | readonly string[],
  world: World,
  options: Options = {},
): Resolved {
  const list = typeof tasks === "string" ? [tasks] : tasks;
  const target: Target = { name: list[0] ?? "", tasks: list, named: options.named === true ? list : [] };
  const progress: Progress = { ran: new Set(options.ran), declined: new Set(options.declined) };
  const asked: string[] = [];
  const resolving = resolve(recipe, target, progress, options.counter);
  let next = resolving.next();
  while (next.done !== true) {
    asked.push(next.value);
    next = resolving.next(verdictOf(next.value, world));
  }
  return { result: next.value, asked };
}

export function planOf(
  recipe: Recipe,
  tasks: string | readonly string[],
  world: World,
  options?: Options,
): Plan {
  const { result } = resolveIn(recipe, tasks, world, options);
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}

export function failureOf(
  recipe: Recipe,
  tasks: string | readonly string[],
  world: World,
  options?: Options,
): Failure {
  const { result } = resolveIn(recipe, tasks, world, options);
  if (result.ok) throw new Error(`planned ${stepsOf(result.value)}`);
  return result.failure;
}

/** Formats the steps as "a, b?c": `?` marks an uncertain one, with the task that may run instead. */
export function stepsOf(plan: Plan): string {
  return plan.steps
    .map(({ task, certain, otherwise }) => `${task}${certain ? "" : "?"}${otherwise ?? ""}`)
    .join(", ");
}
