import { whenAborted } from "../host/abort.js";
import type { CheckResult } from "../failure/check-result.js";
import { factsOf } from "../recipe/read-check.js";
import type { Fact, Recipe, Task } from "../recipe/recipe.js";
import { evaluate } from "./checks.js";
import { fails, unknown, type RunContext } from "./run-context.js";

type ContextFor = (signal: AbortSignal) => RunContext;
/** Shows that a fact is being checked, once that takes long. */
type Watch = (fact: Fact, check: () => Promise<CheckResult>) => Promise<CheckResult>;

/** The known facts of a run: checked when needed, and forgotten when a step may have changed them. */
export class Facts {
  readonly #recipe: Recipe;
  readonly #context: ContextFor;
  readonly #interrupt: () => AbortSignal;
  readonly #watch: Watch;
  readonly #known = new Map<string, { readonly verdict: CheckResult; readonly epoch: number }>();
  #epoch = 0;

  constructor(recipe: Recipe, context: ContextFor, interrupt: () => AbortSignal, watch: Watch) {
    this.#recipe = recipe;
    this.#context = context;
    this.#interrupt = interrupt;
    this.#watch = watch;
  }

  /** Returns the result of the fact's own check, without its `requires`; cached until a step may have changed it. */
  async check(name: string): Promise<CheckResult> {
    const kept = this.#known.get(name);
    if (kept) return kept.verdict;
    const fact = this.#fact(name);
    const verdict = await this.#watch(fact, () => this.#ask(fact));
    this.#known.set(name, { verdict, epoch: this.#epoch });
    return verdict;
  }

  /** Returns whether a fact holds: false without a check if a fact it requires does not hold. */
  async evaluate(name: string): Promise<CheckResult> {
    for (const required of this.#fact(name).requires) {
      const verdict = await this.evaluate(required);
      if (verdict.state === "unknown") return verdict;
      if (verdict.state === "false") return fails(verdict.reason);
    }
    return this.check(name);
  }

  /** Like `evaluate`, but checks again if any step has run since. */
  async recheck(name: string): Promise<CheckResult> {
    const kept = this.#known.get(name);
    if (kept && kept.epoch < this.#epoch) this.#known.delete(name);
    return this.evaluate(name);
  }

  /** Forgets what a step changed and what depends on that; after a step that is interactive or runs in the container, everything. */
  invalidate(task: Task): void {
    this.#epoch += 1;
    // a program in the container may change the vault and the project
    if (task.interactive || task.inContainer) return this.#known.clear();
    const changed = new Set([...task.provides, ...task.clears]);
    for (const name of this.#known.keys()) {
      if (changed.has(name) || this.#dependsOn(name, changed)) this.#known.delete(name);
    }
    // a false fact may hold now as a side effect; a true one is checked again before its step
    for (const [name, { verdict }] of this.#known) if (verdict.state !== "true") this.#known.delete(name);
  }

  /** Forgets everything, because another process has changed the state. */
  invalidateAll(): void {
    this.#epoch += 1;
    this.#known.clear();
  }

  #dependsOn(name: string, changed: ReadonlySet<string>): boolean {
    const fact = this.#recipe.facts.get(name);
    const below = fact === undefined ? [] : [...fact.requires, ...factsOf(fact.check)];
    return below.some((required) => changed.has(required) || this.#dependsOn(required, changed));
  }

  async #ask(fact: Fact): Promise<CheckResult> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort("timeout"), fact.timeoutMs);
    const signal = AbortSignal.any([this.#interrupt(), limit.signal]);
    const aborted = new Promise<CheckResult>((resolve) => {
      const stop = (): void =>
        resolve(
          limit.signal.aborted
            ? unknown(`no answer within ${fact.timeoutMs / 1000} s`)
            : unknown("interrupted"),
        );
      whenAborted(signal, stop);
    });
    try {
      const answer = evaluate(fact.check, {
        context: this.#context(signal),
        subject: fact.name,
        fact: (name) => this.evaluate(name),
      });
      return await Promise.race([answer, aborted]);
    } finally {
      clearTimeout(timer);
    }
  }

  #fact(name: string): Fact {
    const fact = this.#recipe.facts.get(name);
    if (!fact) throw new Error(`no fact ${name}: a recipe that was not validated`);
    return fact;
  }
}
