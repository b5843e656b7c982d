import type { CheckResult } from "../failure/check-result.js";

/** What a routine asks its driver for: the verdict of a fact, or the result of another routine. */
type Yielded =
  | { readonly kind: "ask"; readonly fact: string }
  | { readonly kind: "call"; readonly routine: Coroutine<unknown> };

/**
 * A function that may ask for verdicts, and that calls others of its kind without using the call stack: a chain of ten
 * thousand tasks is resolved like one of ten.
 */
export type Coroutine<T> = Generator<Yielded, T, unknown>;

/** Counts the rounds of the driver, and of loops beside it: the work done, whatever the machine. */
export interface StepCounter {
  steps: number;
}

export function* ask(fact: string): Generator<Yielded, CheckResult, unknown> {
  return (yield { kind: "ask", fact }) as CheckResult;
}

export function* call<T>(routine: Coroutine<T>): Generator<Yielded, T, unknown> {
  return (yield { kind: "call", routine }) as T;
}

/** Runs a routine to its end; yields each fact it asks about, and takes the verdict. */
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
