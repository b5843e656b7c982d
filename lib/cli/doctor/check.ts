import { explain } from "../../failure/explain.js";
import type { Failure } from "../../failure/failure.js";
import type { Project } from "../../project/project.js";
import type { Result } from "../../failure/result.js";
import type { StepContext, CheckResult } from "../../session/step.js";

/** What a check has found. */
export interface CheckOutcome {
  /** `stops`: as things are, `tazpod enter` does not get to its shell. */
  readonly verdict: "good" | "warning" | "stops" | "unknown";
  /** In words. */
  readonly reason: string;
  /** What to do about it, a sentence. */
  readonly todo?: string;
}

export interface Finding extends CheckOutcome {
  readonly check: string;
}

/** Looks at one thing: changes nothing, and asks nobody. */
export interface Check {
  readonly name: string;
  /** In ms; what takes longer is `unknown`. */
  readonly limitMs: number;
  readonly run: (signal: AbortSignal) => Promise<CheckOutcome>;
}

/** The project that is looked at, and what more than one check has to know of its surroundings, asked once. */
export interface DoctorContext {
  readonly project: Project;
  readonly context: StepContext;
  /** The engine's version. */
  readonly engine: () => Promise<Result<string>>;
  /** Whether there are credentials for the remote. */
  readonly login: () => Promise<CheckResult>;
}

export const good = (reason: string): CheckOutcome => ({ verdict: "good", reason });
export const warning = (reason: string, todo: string): CheckOutcome => ({ verdict: "warning", reason, todo });
export const unknown = (reason: string): CheckOutcome => ({ verdict: "unknown", reason });

/** A failure that was met, and what it means for `tazpod enter`. */
export function fromFailure(failure: Failure, verdict: CheckOutcome["verdict"] = "stops"): CheckOutcome {
  const { message, where, hint } = explain(failure);
  return {
    verdict,
    reason: where === undefined ? message : `${where}: ${message}`,
    ...(hint === undefined ? {} : { todo: hint }),
  };
}
