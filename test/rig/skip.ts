import type { Test } from "uvu";

/** Leaves one test out and says why; the runner refuses a skip without a reason. */
export function skip(suite: Test, name: string, reason: string): void {
  process.stdout.write(`skip: ${name}: ${reason}\n`);
  suite.skip(name);
}
