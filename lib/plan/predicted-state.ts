import { factsOf, isDerived } from "../recipe/read-check.js";
import type { Check, Fact, Recipe, Task } from "../recipe/recipe.js";
import type { UndoLog } from "./undo-log.js";
import { ask, call, type StepCounter, type Coroutine } from "./coroutine.js";
import type { CheckResult } from "../failure/check-result.js";

/**
 * The state of a fact at a point of the plan. `later`: known only after steps have run. `by`: the planned task that
 * sets it; absent if it was checked. `missing`: the fact is false without a check, because this required fact is false.
 */
export interface FactState {
  readonly state: "true" | "false" | "unknown" | "later";
  readonly reason: string;
  readonly hint?: string;
  readonly by?: string;
  readonly missing?: string;
}

/** The state of all facts after the steps planned so far. Checks a fact at most once, and only if needed. */
export class PredictedState {
  readonly #recipe: Recipe;
  readonly #undoLog: UndoLog;
  readonly #counter: StepCounter;
  /** States set by planned steps. */
  readonly #effects = new Map<string, FactState>();
  /** Derived states; dropped when a state they depend on changes. */
  readonly #derived = new Map<string, FactState>();
  readonly #checked = new Map<string, CheckResult>();
  readonly #dependents = new Map<string, string[]>();

  constructor(recipe: Recipe, undoLog: UndoLog, counter: StepCounter) {
    this.#recipe = recipe;
    this.#undoLog = undoLog;
    this.#counter = counter;
    for (const fact of recipe.facts.values()) {
      for (const name of [...fact.requires, ...(isDerived(fact.check) ? factsOf(fact.check) : [])]) {
        const list = this.#dependents.get(name);
        if (list === undefined) this.#dependents.set(name, [fact.name]);
        else list.push(fact.name);
      }
    }
  }

  /** Returns the state of a fact. */
  *state(name: string): Coroutine<FactState> {
    const known = this.#effects.get(name) ?? this.#derived.get(name);
    if (known !== undefined) return known;
    const state = yield* call(this.#compute(this.fact(name)));
    this.#undoLog.set(this.#derived, name, state);
    return state;
  }

  fact(name: string): Fact {
    const fact = this.#recipe.facts.get(name);
    if (fact === undefined) throw new Error(`no fact ${name} in a checked recipe`);
    return fact;
  }

  /** Evaluates a check that consists of facts only. */
  *evaluate(check: Check): Coroutine<FactState> {
    switch (check.kind) {
      case "fact":
        return yield* call(this.state(check.fact));
      case "not": {
        const inner = yield* call(this.evaluate(check.check));
        const { missing: _, ...rest } = inner;
        return inner.state === "true"
          ? { ...rest, state: "false" }
          : inner.state === "false"
            ? { ...rest, state: "true" }
            : inner;
      }
      case "all":
      case "any": {
        const decisive = check.kind === "all" ? "false" : "true";
        let result: FactState | undefined;
        for (const part of check.checks) {
          const state = yield* call(this.evaluate(part));
          if (state.state === decisive) return state;
          if (result === undefined || rank(state) > rank(result)) result = state;
        }
        return result ?? { state: check.kind === "all" ? "true" : "false", reason: "nothing to check" };
      }
      default:
        throw new Error(`a ${check.kind} check is not made of facts`);
    }
  }

  /** Applies the effects of a task: it makes facts false that it clears, and true that it provides. */
  apply(task: Task): void {
    for (const name of task.clears)
      this.#setEffect(name, { state: "false", reason: `${task.name} clears it`, by: task.name });
    // derived facts last, since a change of their facts drops them
    const provides = task.provides.toSorted(
      (a, b) => Number(isDerived(this.fact(a).check)) - Number(isDerived(this.fact(b).check)),
    );
    for (const name of provides)
      this.#setEffect(name, { state: "true", reason: `${task.name} provides it`, by: task.name });
  }

  *#compute(fact: Fact): Coroutine<FactState> {
    let later: FactState | undefined;
    for (const name of fact.requires) {
      const required = yield* call(this.state(name));
      if (required.state === "false")
        return { ...required, reason: `needs ${name}, which does not hold`, missing: name };
      if (required.state === "unknown") return required;
      if (required.state === "later") later ??= required;
      else if (required.by !== undefined)
        later ??= { state: "later", reason: `known only after ${required.by}`, by: required.by };
    }
    if (later !== undefined) return fact.presume ? { ...later, state: "true" } : later;
    if (isDerived(fact.check)) return yield* call(this.evaluate(fact.check));
    let result = this.#checked.get(fact.name);
    if (result === undefined) {
      result = yield* ask(fact.name);
      this.#checked.set(fact.name, result);
    }
    return result;
  }

  #setEffect(name: string, state: FactState): void {
    const before = this.#effects.get(name) ?? this.#derived.get(name);
    if (before?.state === state.state) return;
    this.#undoLog.set(this.#effects, name, state);
    this.#invalidate(name, state);
  }

  /**
   * Drops what was derived from a fact, and the effects that require it if it became false. They are computed again on
   * demand.
   */
  #invalidate(start: string, cause: FactState): void {
    const seen = new Set([start]);
    for (const name of seen) {
      for (const dependent of this.#dependents.get(name) ?? []) {
        this.#counter.steps++;
        const effect = this.#effects.get(dependent);
        // an effect lasts until a fact it requires becomes false; a derived fact is always computed from its facts
        const lapses =
          effect !== undefined &&
          (isDerived(this.fact(dependent).check) || (effect.state === "true" && cause.state === "false"));
        if (effect !== undefined && !lapses) continue;
        // a fact without a known state has nothing to drop; but if a fact became false, effects further up may depend
        // on it
        if (effect === undefined && !this.#derived.has(dependent) && cause.state === "true") continue;
        this.#undoLog.delete(this.#effects, dependent);
        this.#undoLog.delete(this.#derived, dependent);
        seen.add(dependent);
      }
    }
  }
}

/** Precedence of undecided states: unknown over later. */
function rank({ state }: FactState): number {
  return state === "unknown" ? 2 : state === "later" ? 1 : 0;
}
