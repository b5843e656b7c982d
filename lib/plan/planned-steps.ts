import type { Failure } from "../failure/failure.js";

/** What to resolve: tasks named by the user and the tasks of goals, in order. */
export interface Target {
  readonly name: string;
  readonly tasks: readonly string[];
  /** Those of `tasks` that the user named: they run even if their facts hold. */
  readonly named: readonly string[];
}

/** What has happened since the user asked for the target. */
export interface Progress {
  /** Tasks that have run; none runs twice. */
  readonly ran: ReadonlySet<string>;
  /** Wants that were declined or given up, as `wantKey(task, fact)`. */
  readonly declined: ReadonlySet<string>;
  /** Whether the target is a cleanup, which runs no task for its output: it uses what was printed before. */
  readonly cleanup?: boolean;
}

/** Why a task is in the plan. */
export type Cause =
  | { readonly kind: "target" }
  | { readonly kind: "need" | "want"; readonly by: string; readonly fact: string }
  | { readonly kind: "output"; readonly by: string };

/** A task to run. */
export interface PlannedStep {
  readonly task: string;
  /** False if it depends on a fact that is known only later; then `otherwise` may run instead. */
  readonly certain: boolean;
  readonly otherwise?: string;
  /** Why the task is due, as text. */
  readonly reason: string;
  readonly cause: Cause;
  /** Whether it is a hook, after or before another task. */
  readonly hook?: "after" | "before" | undefined;
  /** The tasks that led to this one, outermost first, itself last: what a confirm applies to. */
  readonly branch: readonly string[];
}

/** The steps to a target, and what was decided on the way. */
export interface Plan {
  readonly target: string;
  /** In the order of execution. */
  readonly steps: readonly PlannedStep[];
  /** Facts that were checked and already hold. */
  readonly satisfied: readonly { readonly fact: string; readonly reason: string }[];
  /** Cleanup to run after a task of the plan has started, in the order of execution: the last task's first. */
  readonly afterwards: readonly { readonly task: string; readonly after: string; readonly unless?: string }[];
  /** Wants that cannot be met now; `steps` has nothing for them. */
  readonly blocked: readonly {
    readonly task: string;
    readonly fact: string;
    readonly failure: Failure;
    /** The task is a hook before another one, and the plan continues without it. */
    readonly isHook?: boolean;
  }[];
  readonly declined: readonly { readonly task: string; readonly fact: string }[];
  /** Tasks that the user could name and that this plan does not need. */
  readonly notNeeded: readonly string[];
}

/** Returns the key of a task's want. */
export function wantKey(task: string, fact: string): string {
  return `${task} wants ${fact}`;
}
