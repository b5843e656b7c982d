import type { Failure } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Recipe, Task } from "../recipe/recipe.js";
import { call, type Coroutine } from "./coroutine.js";
import type { FactState, PredictedState } from "./predicted-state.js";

/**
 * How a fact can become true. `wait`: no task provides it, but it is known only once the facts it requires are true.
 */
export type Choice =
  | { readonly kind: "holds" }
  | { readonly kind: "run"; readonly providers: readonly string[] }
  | { readonly kind: "wait"; readonly requires: readonly string[] };

/** A longer list of reasons is reduced to the first provider's. */
const maxReason = 400;

/**
 * Chooses how to make facts true, before any task is planned. Results are cached, so a fact costs the same however many
 * paths lead to it.
 */
export class Choices {
  readonly #recipe: Recipe;
  readonly #world: PredictedState;
  readonly #facts = new Map<string, Result<Choice>>();
  readonly #tasks = new Map<string, Result<void>>();

  constructor(recipe: Recipe, world: PredictedState) {
    this.#recipe = recipe;
    this.#world = world;
  }

  /**
   * Chooses how to make a fact true. Failures: `unmet-fact` if no provider can be used, `unknown-fact` if its check
   * cannot tell.
   */
  *choose(name: string): Coroutine<Result<Choice>> {
    const state = yield* call(this.#world.state(name));
    if (state.state === "true") return ok({ kind: "holds" });
    if (state.state === "unknown") return unknownFact(name, state);
    const known = this.#facts.get(name);
    if (known !== undefined) return known;
    const choice = yield* call(this.#find(name, state));
    this.#facts.set(name, choice);
    return choice;
  }

  /** Drops cached failures that a planned task may have made obsolete; what it clears may have been in the way. */
  applied({ provides, clears }: Task): void {
    if (clears.length > 0 || provides.some((name) => this.#facts.get(name)?.ok === false)) this.forget();
  }

  forget(): void {
    this.#facts.clear();
    this.#tasks.clear();
  }

  *#find(name: string, state: FactState): Coroutine<Result<Choice>> {
    const { providers, requires } = this.#world.fact(name);
    if (providers.length === 0) {
      if (state.state === "false" && state.missing === undefined) return unmetFact(name, state);
      for (const required of requires) {
        const choice = yield* call(this.choose(required));
        if (!choice.ok) return choice;
      }
      return ok({ kind: "wait", requires });
    }
    const failures: Failure[] = [];
    for (const [index, provider] of providers.entries()) {
      const usable = yield* call(this.#usable(this.#task(provider)));
      if (usable.ok) return ok({ kind: "run", providers: providers.slice(index) });
      // "unknown" is never a reason to try the next provider
      if (usable.failure.kind !== "unmet-fact") return usable;
      failures.push(usable.failure);
    }
    return fail(noWay(name, providers, failures));
  }

  *#usable(task: Task): Coroutine<Result<void>> {
    const known = this.#tasks.get(task.name);
    if (known !== undefined) return known;
    let usable: Result<void> = ok(undefined);
    for (const need of task.needs) {
      const choice = yield* call(this.choose(need));
      if (choice.ok) continue;
      usable =
        choice.failure.kind === "unmet-fact" && choice.failure.task === undefined
          ? fail({ ...choice.failure, task: task.name })
          : choice;
      break;
    }
    this.#tasks.set(task.name, usable);
    return usable;
  }

  #task(name: string): Task {
    const task = this.#recipe.tasks.get(name);
    if (task === undefined) throw new Error(`no task ${name} in a checked recipe`);
    return task;
  }
}

/** Returns the failure of a fact whose check could not tell. */
export function unknownFact(
  fact: string,
  { reason, hint }: FactState,
): { readonly ok: false; readonly failure: Failure } {
  return fail({ kind: "unknown-fact", fact, reason, hint });
}

function unmetFact(fact: string, { reason }: FactState): { readonly ok: false; readonly failure: Failure } {
  return fail({ kind: "unmet-fact", fact, reason });
}

/** Returns the failure of a fact that no provider can make true: the only provider's own, or a list of all. */
function noWay(fact: string, providers: readonly string[], failures: readonly Failure[]): Failure {
  const [first] = failures;
  if (first === undefined || failures.length === 1)
    return first ?? { kind: "unmet-fact", fact, reason: "no task provides it" };
  const reason = failures
    .map(
      (failure, index) =>
        `${providers[index] ?? ""}: ${failure.kind === "unmet-fact" ? `${failure.fact}: ${failure.reason}` : failure.kind}`,
    )
    .join("; ");
  return reason.length <= maxReason ? { kind: "unmet-fact", fact, reason } : first;
}
