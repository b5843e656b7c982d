import * as assert from "uvu/assert";

/** Asserts deep equality. A property that is undefined counts as absent, as it does in JSON and for the code. */
export function equal(actual: unknown, expected: unknown, message?: string): void {
  assert.equal(defined(actual), defined(expected), message);
}

function defined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(defined);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (one === undefined ? [] : [[key, defined(one)]])),
  );
}
