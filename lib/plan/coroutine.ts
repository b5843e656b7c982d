import type { CheckResult } from "../failure/check-result.js";

/** What a coroutine yields: a fact to check, or another coroutine to run. */
type Yielded =
  | { readonly kind: "ask"; readonly fact: string }
  | { readonly kind: "call"; readonly routine: Coroutine<unknown> };

/**
 * A function that can ask for check results and call other coroutines without using the call stack, so that a chain of
 * ten thousand tasks can be resolved.
 */
export type Coroutine<T> = Generator<Yielded, T, unknown>;

/** Counts the steps of a resolution: a measure of its work that does not depend on the machine. */
export interface StepCounter {
  steps: number;
}

/** Asks for the check result of a fact. */
export function* ask(fact: string): Generator<Yielded, CheckResult, unknown> {
  return (yield { kind: "ask", fact }) as CheckResult;
}

/** Runs another coroutine and returns its result. */
export function* call<T>(routine: Coroutine<T>): Generator<Yielded, T, unknown> {
  return (yield { kind: "call", routine }) as T;
}

/** Runs a coroutine to its end. Yields each fact to check, and receives the result. */
export function* trampoline<T>(main: Coroutine<T>, counter: StepCounter): Generator<string, T, CheckResult> {
  const stack: Coroutine<unknown>[] = [main];
  let answer: unknown;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    counter.steps++;
    const next = top.next(answer);
    answer = undefined;
    if (next.done === true) {
      stack.pop();
      answer = next.value;
    } else if (next.value.kind === "call") stack.push(next.value.routine);
    else answer = yield next.value.fact;
  }
  return answer as T;
}
