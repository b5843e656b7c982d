import { exitCode } from "../failure/failure.js";
import { explain, failureText } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { printJson, printNote } from "../host/screen.js";

/** Prints a failure on stderr, or as JSON on stdout. Returns the exit code. */
export function reportFailure(failure: Failure, json: boolean): number {
  const code = exitCode(failure);
  if (json) {
    const { message, where, hint } = explain(failure);
    printJson({
      outcome: "failed",
      exitCode: code,
      failure: { kind: rootKind(failure), message, where, hint },
    });
  } else if (failure.kind !== "exit-code") {
    // a command's own exit code needs no message
    printNote(failureText(failure));
  }
  return code;
}

/** Returns the kind of the failure inside a `task-failed`. */
function rootKind(failure: Failure): string {
  if (failure.kind === "task-failed") return rootKind(failure.cause);
  return failure.kind;
}
