import { factsOf, isDerived } from "../recipe/check.js";
import type { Check, Fact, Recipe, Task } from "../recipe/types.js";
import type { Journal } from "./undo-log.js";
import { ask, call, type Meter, type Routine } from "./coroutine.js";
import type { CheckResult } from "../failure/check-result.js";

/**
 * A fact as the plan sees it. `later`: only steps that have not run will show. `by` is the planned task that made it
 * so; without it the world says so. `missing`: it is false, and was not checked, because this required fact is false.
 */
export interface State {
  readonly state: "true" | "false" | "unknown" | "later";
  readonly reason: string;
  readonly hint?: string;
  readonly by?: string;
  readonly missing?: string;
}

/** The world as it will be after the steps planned so far. Asks about a fact when it must, and once. */
export class World {
  readonly #recipe: Recipe;
  readonly #journal: Journal;
  readonly #meter: Meter;
  /** What planned steps made of facts. */
  readonly #pins = new Map<string, State>();
  /** What was worked out; taken back when what it was worked out from changes. */
  readonly #known = new Map<string, State>();
  readonly #asked = new Map<string, CheckResult>();
  readonly #dependents = new Map<string, string[]>();

  constructor(recipe: Recipe, journal: Journal, meter: Meter) {
    this.#recipe = recipe;
    this.#journal = journal;
    this.#meter = meter;
    for (const fact of recipe.facts.values()) {
      for (const name of [...fact.requires, ...(isDerived(fact.check) ? factsOf(fact.check) : [])]) {
        const list = this.#dependents.get(name);
        if (list === undefined) this.#dependents.set(name, [fact.name]);
        else list.push(fact.name);
      }
    }
  }

  *state(name: string): Routine<State> {
    const known = this.#pins.get(name) ?? this.#known.get(name);
    if (known !== undefined) return known;
    const state = yield* call(this.#workOut(this.fact(name)));
    this.#journal.set(this.#known, name, state);
    return state;
  }

  fact(name: string): Fact {
    const fact = this.#recipe.facts.get(name);
    if (fact === undefined) throw new Error(`no fact ${name} in a checked recipe`);
    return fact;
  }

  /** The answer of a check made of facts only. */
  *evaluate(check: Check): Routine<State> {
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
        let result: State | undefined;
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

  /** Plans the effects of a task: what it clears is false from here on, and what it provides is true. */
  apply(task: Task): void {
    for (const name of task.clears)
      this.#pin(name, { state: "false", reason: `${task.name} clears it`, by: task.name });
    // What is derived comes last: it is let go whenever one of its facts changes.
    const provides = task.provides.toSorted(
      (a, b) => Number(isDerived(this.fact(a).check)) - Number(isDerived(this.fact(b).check)),
    );
    for (const name of provides)
      this.#pin(name, { state: "true", reason: `${task.name} provides it`, by: task.name });
  }

  *#workOut(fact: Fact): Routine<State> {
    let later: State | undefined;
    for (const name of fact.requires) {
      const required = yield* call(this.state(name));
      if (required.state === "false")
        return { ...required, reason: `needs ${name}, which does not hold`, missing: name };
      if (required.state === "unknown") return required;
      if (required.state === "later") later ??= required;
      else if (required.by !== undefined)
        later ??= { state: "later", reason: `not known before ${required.by}`, by: required.by };
    }
    if (later !== undefined) return fact.presume ? { ...later, state: "true" } : later;
    if (isDerived(fact.check)) return yield* call(this.evaluate(fact.check));
    let verdict = this.#asked.get(fact.name);
    if (verdict === undefined) {
      verdict = yield* ask(fact.name);
      this.#asked.set(fact.name, verdict);
    }
    return verdict;
  }

  #pin(name: string, state: State): void {
    const before = this.#pins.get(name) ?? this.#known.get(name);
    if (before?.state === state.state) return;
    this.#journal.set(this.#pins, name, state);
    this.#changed(name, state);
  }

  /** Takes back what was worked out from a fact, and what required it when it ends; both are worked out anew. */
  #changed(start: string, cause: State): void {
    const seen = new Set([start]);
    for (const name of seen) {
      for (const dependent of this.#dependents.get(name) ?? []) {
        this.#meter.rounds++;
        const pin = this.#pins.get(dependent);
        // A step's promise holds until what it rests on ends; what is derived is always worked out from its facts.
        const lapses =
          pin !== undefined &&
          (isDerived(this.fact(dependent).check) || (pin.state === "true" && cause.state === "false"));
        if (pin !== undefined && !lapses) continue;
        // What nobody has looked at has nothing to take back; but when a fact ends, promises may rest on it further up.
        if (pin === undefined && !this.#known.has(dependent) && cause.state === "true") continue;
        this.#journal.delete(this.#pins, dependent);
        this.#journal.delete(this.#known, dependent);
        seen.add(dependent);
      }
    }
  }
}

/** Which state of several decides, when none does by itself: what nobody knows before what is not known yet. */
function rank({ state }: State): number {
  return state === "unknown" ? 2 : state === "later" ? 1 : 0;
}
