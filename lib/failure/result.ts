import type { Failure } from "./failure.js";

/** What a function returns that can fail in an expected way. A thrown error is a bug. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function fail(failure: Failure): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure };
}

/**
 * Carries an expected failure through machinery that only knows exceptions (streams, pipelines).
 * Thrown inside, turned back into a value by `settle` at the nearest boundary; it never leaves a public function.
 */
export class Failed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.kind);
    this.name = "Failed";
    this.failure = failure;
  }
}

/** Awaits `work`; a `Failed` becomes its failure, any other error is a bug and is thrown on. */
export async function settle<T>(work: () => Promise<T>): Promise<Result<T>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof Failed) return fail(error.failure);
    throw error;
  }
}

/** The value of a result, or its failure thrown as `Failed`; only for use inside `settle`. */
export function take<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Failed(result.failure);
}
