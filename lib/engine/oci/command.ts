import type { Finished, ProcessOptions } from "../../host/process.js";
import { fail, type Result } from "../../failure/result.js";

/** Runs the engine's command line with these arguments. */
export type RunCommand = (argv: readonly string[], options?: ProcessOptions) => Promise<Result<Finished>>;

/**
 * Reads the output of a command, or fails with `command-failed` if it exited with an error. `command` is for messages.
 */
export function expectSuccess<T>(
  result: Result<Finished>,
  command: readonly string[],
  read: (done: Finished) => Result<T>,
): Result<T> {
  if (!result.ok) return result;
  if (result.value.code === 0) return read(result.value);
  return fail({ kind: "command-failed", command, code: result.value.code, detail: result.value.stderr });
}
