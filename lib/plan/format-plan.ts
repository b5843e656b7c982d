import type { Failure } from "../failure/failure.js";
import { placeholders, render } from "../recipe/render.js";
import type { Recipe } from "../recipe/recipe.js";
import type { Plan, PlannedStep, Cause } from "./planned-steps.js";

/** How to format a plan. */
export interface FormatOptions {
  /** Values of `{{name}}`. */
  readonly vars: Readonly<Record<string, string>>;
  /** Formats a failure as one line. */
  readonly describeFailure: (failure: Failure) => string;
}

interface Row {
  readonly sign: "=" | "+" | "?" | "!" | "~" | "-";
  readonly name: string;
  readonly reason: string;
  readonly remark?: string;
}

/**
 * Formats a plan as aligned rows, without a final newline: `=` already holds (internal facts are left out), `+` will
 * run, `?` may run, `!` wanted but not possible, `-` declined, `~` cleanup.
 */
export function formatPlan(plan: Plan, recipe: Recipe, settings: FormatOptions): string {
  const rows: readonly Row[] = [
    ...plan.satisfied
      .filter(({ fact }) => recipe.facts.get(fact)?.internal !== true)
      .map(({ fact, reason }): Row => ({ sign: "=", name: fact, reason })),
    ...stepRows(plan.steps),
    ...plan.blocked.map(({ task, fact, failure }): Row => ({
      sign: "!",
      name: fact,
      reason: settings.describeFailure(failure),
      remark: `wanted by ${task}`,
    })),
    ...plan.declined.map(({ task, fact }): Row => ({
      sign: "-",
      name: fact,
      reason: "declined",
      remark: `wanted by ${task}`,
    })),
    ...cleanupRows(plan, recipe),
  ];
  const filled = rows.map((row) => ({ ...row, reason: fillKnown(row.reason, settings.vars) }));
  const nameWidth = widest(filled.map(({ name }) => name));
  const reasonWidth = widest(filled.filter(({ remark }) => remark !== undefined).map(({ reason }) => reason));
  const lines = filled.map(({ sign, name, reason, remark }) =>
    `  ${sign} ${name.padEnd(nameWidth)}  ${reason.padEnd(remark === undefined ? 0 : reasonWidth)}${remark === undefined ? "" : `  ${remark}`}`.trimEnd(),
  );
  if (plan.steps.length === 0) lines.push("  nothing to do");
  if (plan.notNeeded.length > 0) lines.push(`  not needed: ${plan.notNeeded.join(", ")}`);
  return [plan.target, ...lines].join("\n");
}

/** Fills in known placeholders only: the text of a check may contain braces of its own. */
function fillKnown(text: string, vars: Readonly<Record<string, string>>): string {
  return placeholders(text).every((name) => Object.hasOwn(vars, name)) ? render(text, vars) : text;
}

function stepRows(steps: readonly PlannedStep[]): readonly Row[] {
  const unreported = new Map(
    steps.flatMap(({ cause, task }) => (cause.kind === "want" ? [[task, cause.by] as const] : [])),
  );
  return steps.map((step) => {
    const { task, certain, otherwise, reason } = step;
    // only the first step that a want adds mentions it; a branch is as long as the chain that leads to its step
    const branch = unreported.size === 0 ? [] : step.branch;
    const want = branch.toReversed().find((name) => unreported.has(name));
    const wantedBy = want === undefined ? undefined : unreported.get(want);
    if (want !== undefined) unreported.delete(want);
    return {
      sign: certain ? "+" : "?",
      name: task,
      reason: reason === "asked for" ? "" : otherwise === undefined ? reason : `${reason}, else ${otherwise}`,
      remark: wantedBy === undefined ? undefined : `wanted by ${wantedBy}`,
    } as const;
  });
}

/** Puts neighbouring cleanups with the same condition in one row. */
function cleanupRows({ afterwards }: Plan, recipe: Recipe): readonly Row[] {
  const groups: { names: string[]; unless: string | undefined }[] = [];
  for (const { task, unless } of afterwards) {
    const last = groups.at(-1);
    if (last !== undefined && last.unless === unless) last.names.push(task);
    else groups.push({ names: [task], unless });
  }
  return groups.map(({ names, unless }) => ({
    sign: "~",
    name: [...new Set(names)].join(", "),
    reason:
      unless === undefined
        ? "afterwards, always"
        : `afterwards, unless ${recipe.facts.get(unless)?.desc ?? `${unless} holds`}`,
  }));
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}

/** A plan as plain data, with the stable format of schema/plan.schema.json. */
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

/** Returns a plan as plain data. */
export function planJson(plan: Plan, { vars, describeFailure }: FormatOptions): PlanJson {
  return {
    version: 1,
    target: plan.target,
    steps: plan.steps.map(({ task, certain, otherwise, reason, cause, branch }) => ({
      task,
      certain,
      otherwise,
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
