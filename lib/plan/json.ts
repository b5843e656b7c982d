import { type ExplainOptions, fillKnown } from "./explain.js";
import type { Cause, Plan } from "./types.js";

/** A plan as plain data, stable: schema/plan.schema.json documents it. */
export interface PlanJson {
  readonly version: 1;
  readonly target: string;
  readonly steps: readonly {
    readonly task: string;
    readonly certain: boolean;
    readonly otherwise?: string;
    readonly reason: string;
    readonly cause: Cause;
    readonly branch: readonly string[];
  }[];
  readonly satisfied: readonly { readonly fact: string; readonly reason: string }[];
  readonly afterwards: readonly { readonly task: string; readonly after: string; readonly unless?: string }[];
  readonly blocked: readonly {
    readonly task: string;
    readonly fact: string;
    readonly kind: string;
    readonly reason: string;
  }[];
  readonly declined: readonly { readonly task: string; readonly fact: string }[];
  readonly notNeeded: readonly string[];
}

export function planJson(plan: Plan, { vars, describeFailure }: ExplainOptions): PlanJson {
  return {
    version: 1,
    target: plan.target,
    steps: plan.steps.map(({ task, certain, otherwise, reason, cause, branch }) => ({
      task,
      certain,
      ...(otherwise === undefined ? {} : { otherwise }),
      reason: fillKnown(reason, vars),
      cause,
      branch,
    })),
    satisfied: plan.satisfied,
    afterwards: plan.afterwards,
    blocked: plan.blocked.map(({ task, fact, failure }) => ({
      task,
      fact,
      kind: failure.kind,
      reason: fillKnown(describeFailure(failure), vars),
    })),
    declined: plan.declined,
    notNeeded: plan.notNeeded,
  };
}
