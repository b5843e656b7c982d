import { explain } from "../../failure/explain.js";
import type { Failure } from "../../failure/failure.js";
import type { Project } from "../../project/project.js";
import type { Result } from "../../failure/result.js";
import type { StepContext, CheckResult } from "../../session/step.js";

/** The outcome of a check. */
export interface CheckOutcome {
  /** `stops`: `tazpod enter` would not get to its shell. */
  readonly verdict: "good" | "warning" | "stops" | "unknown";
  readonly reason: string;
  /** What to do about it, as a sentence. */
  readonly todo?: string;
}

export interface Finding extends CheckOutcome {
  readonly check: string;
}

/** Checks one thing: changes nothing, and asks no questions. */
export interface Check {
  readonly name: string;
  /** In ms; a slower check is `unknown`. */
  readonly limitMs: number;
  readonly run: (signal: AbortSignal) => Promise<CheckOutcome>;
}

/** The project that is checked, and answers that more than one check needs, asked once. */
export interface DoctorContext {
  readonly project: Project;
  readonly context: StepContext;
  /** Returns the engine's version. */
  readonly engine: () => Promise<Result<string>>;
  /** Returns whether there are credentials for the remote. */
  readonly login: () => Promise<CheckResult>;
}

export const good = (reason: string): CheckOutcome => ({ verdict: "good", reason });
export const warning = (reason: string, todo: string): CheckOutcome => ({ verdict: "warning", reason, todo });
export const unknown = (reason: string): CheckOutcome => ({ verdict: "unknown", reason });

/** Returns the outcome for a failure, and its effect on `tazpod enter`. */
export function fromFailure(failure: Failure, verdict: CheckOutcome["verdict"] = "stops"): CheckOutcome {
  const { message, where, hint } = explain(failure);
  return {
    verdict,
    reason: where === undefined ? message : `${where}: ${message}`,
    todo: hint,
  };
}
