/** The result of a check. `reason` is text for people: "container lab-lab is absent". */
export interface CheckResult {
  readonly state: "true" | "false" | "unknown";
  readonly reason: string;
  /** For unknown and false: what to do, if the check knows. */
  readonly hint?: string;
}
