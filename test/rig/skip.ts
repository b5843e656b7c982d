import type { Test } from "uvu";

/** Skips a test with a reason; the runner rejects skips without one. */
export function skip(suite: Test, name: string, reason: string): void {
  process.stdout.write(`skip: ${name}: ${reason}\n`);
  suite.skip(name);
}
