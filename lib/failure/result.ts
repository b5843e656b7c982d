import type { Failure } from "./failure.js";

/** The result of a function that can fail in an expected way. A thrown error is a bug. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** Returns a success with this value. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** Returns a result with this failure. */
export function fail(failure: Failure): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure };
}

/**
 * Carries an expected failure through code that only knows exceptions (streams, pipelines).
 * `settle` turns it back into a value; it never leaves a public function.
 */
export class Failed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.kind);
    this.name = "Failed";
    this.failure = failure;
  }
}

/** Awaits `work`; a thrown `Failed` becomes its failure; any other error is a bug and is rethrown. */
export async function settle<T>(work: () => Promise<T>): Promise<Result<T>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof Failed) return fail(error.failure);
    throw error;
  }
}

/** Returns the value of a result, or throws its failure as `Failed`. Use it only inside `settle`. */
export function take<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Failed(result.failure);
}
