import type { Failure } from "../failure/failure.js";

/** What to resolve: the tasks of a goal, or one task named by hand (which runs whatever its facts say). */
export interface Target {
  readonly name: string;
  readonly tasks: readonly string[];
  readonly named: boolean;
}

/** What has happened since the target was first asked for. */
export interface Progress {
  /** Tasks that ran; none runs twice. */
  readonly ran: ReadonlySet<string>;
  /** Wants that were declined, or given up on, as `wantKey(task, fact)`. */
  readonly declined: ReadonlySet<string>;
}

/** Why a task is in the plan. */
export type Cause =
  | { readonly kind: "target" }
  | { readonly kind: "need" | "want"; readonly by: string; readonly fact: string };

export interface PlannedStep {
  readonly task: string;
  /** False when what it hangs on can only be known later; then `otherwise` may take its place. */
  readonly certain: boolean;
  readonly otherwise?: string;
  /** In words, why it is due. */
  readonly reason: string;
  readonly cause: Cause;
  /** The tasks that led here, outermost first, this one last: the branch a confirm speaks for. */
  readonly branch: readonly string[];
}

export interface Plan {
  readonly target: string;
  /** In the order they would run. */
  readonly steps: readonly PlannedStep[];
  /** Facts that hold already and were asked about. */
  readonly satisfied: readonly { readonly fact: string; readonly reason: string }[];
  /** Cleanup that follows a task of the plan once it has started. */
  readonly afterwards: readonly { readonly task: string; readonly after: string; readonly unless?: string }[];
  /** Wants that cannot be met as things are. Nothing of them is in `steps`. */
  readonly blocked: readonly { readonly task: string; readonly fact: string; readonly failure: Failure }[];
  readonly declined: readonly { readonly task: string; readonly fact: string }[];
  /** Tasks a user can name that this plan has no use for. */
  readonly notNeeded: readonly string[];
}

export function wantKey(task: string, fact: string): string {
  return `${task} wants ${fact}`;
}
