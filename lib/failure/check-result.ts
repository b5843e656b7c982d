/** The answer of a check, with its reason in words ("container lab-lab is absent"). */
export interface CheckResult {
  readonly state: "true" | "false" | "unknown";
  readonly reason: string;
  /** For unknown and false: what to do, where the check knows. */
  readonly hint?: string;
}
