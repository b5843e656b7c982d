import { exitCode } from "../failure/failure.js";
import { explain, failureText } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { printJson, printNote } from "../host/screen.js";

/** Says what went wrong, on stderr, or as a JSON line on stdout; returns the exit code. */
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
    // a command's own exit code needs no words of ours
    printNote(failureText(failure));
  }
  return code;
}

/** What failed underneath, without the task it failed in. */
function rootKind(failure: Failure): string {
  if (failure.kind === "task-failed") return rootKind(failure.cause);
  return failure.kind;
}
