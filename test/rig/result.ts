import type { Failure, FailureKind, FailureOf } from "../../lib/failure/failure.js";
import type { Result } from "../../lib/failure/result.js";

/** Returns the value, or throws an error with the failure. */
export function value<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`failed: ${JSON.stringify(result.failure)}`);
}

/** Returns the failure of this kind, or throws an error with the actual result. */
export function failure<K extends FailureKind>(result: Result<unknown>, kind: K): FailureOf<K> {
  if (result.ok) throw new Error(`succeeded, expected ${kind}`);
  if (!isKind(result.failure, kind))
    throw new Error(`expected ${kind}, got ${JSON.stringify(result.failure)}`);
  return result.failure;
}

function isKind<K extends FailureKind>(failure: Failure, kind: K): failure is FailureOf<K> {
  return failure.kind === kind;
}
