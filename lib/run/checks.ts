import { resolve } from "node:path";
import { explain } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { stat } from "../host/files.js";
import type { CheckResult } from "../failure/check-result.js";
import { render, renderCommand } from "../recipe/render.js";
import type { Check } from "../recipe/recipe.js";
import { checkCommand } from "../trust/trusted-code.js";
import { missingVariable } from "./given-values.js";
import { outerNames, withStep } from "./outer-runs.js";
import { loadScript } from "./scripts.js";
import { fails, holds, unknown, type RunContext } from "./run-context.js";

/** Turns a failure of a check into the result "unknown". */
export function fromFailure(failure: Failure): CheckResult {
  const { message, hint } = explain(failure);
  return unknown(message, hint);
}

export interface CheckEnvironment {
  readonly context: RunContext;
  /** The fact or task that is checked; a script's export is looked up under this name. */
  readonly subject: string;
  /** Answers a `fact` check. */
  readonly fact: (name: string) => Promise<CheckResult>;
}

/** Evaluates a check. It never fails: an error becomes "unknown" with its reason. */
export async function evaluate(check: Check, setting: CheckEnvironment): Promise<CheckResult> {
  switch (check.kind) {
    case "exists":
      return exists(check.path, setting.context);
    case "env": {
      const set = (process.env[check.name] ?? "") !== "";
      return set ? holds(`${check.name} is set`) : fails(`${check.name} is not set`);
    }
    case "command":
      return command(check.argv, setting);
    case "script":
      return script(check, setting);
    case "fact":
      return setting.fact(check.fact);
    case "not":
      return negate(await evaluate(check.check, setting));
    case "all":
    case "any":
      return combine(check.kind, check.checks, setting);
  }
}

async function exists(text: string, context: RunContext): Promise<CheckResult> {
  const missing = missingVariable(text, context.vars);
  if (missing !== undefined) return unknown(`the environment has no variable ${missing}`);
  const path = render(text, context.vars);
  const { root, configFile, initialised } = context.project;
  const full = resolve(root, path);
  // the settings that were read count until the end of the run, even if their file is removed
  if (initialised === true && full === configFile) return holds(path);
  const found = await stat(full);
  if (!found.ok) return fromFailure(found.failure);
  return found.value ? holds(path) : fails(`there is no ${path}`);
}

async function command(
  items: readonly string[],
  { context: { values, env, project, signal, graceMs, code }, subject }: CheckEnvironment,
): Promise<CheckResult> {
  const step = { root: project.root, name: subject, kind: "check", facts: [] } as const;
  if (outerNames(step.root, step.kind).includes(subject))
    return unknown(`the check of ${subject} started this tazpod, and cannot be made within itself`);
  const missing = missingVariable(items.join(" "), values.texts);
  if (missing !== undefined) return unknown(`the environment has no variable ${missing}`);
  const filled = renderCommand(items, values);
  const { argv } = filled;
  const trusted = await checkCommand(code, filled);
  if (!trusted.ok) return fromFailure(trusted.failure);
  const { capture } = await import("../host/process.js");
  const done = await capture(argv, {
    cwd: project.root,
    env: { ...env, ...withStep(step) },
    signal,
    graceMs,
    isQuestion: true,
  });
  if (!done.ok)
    return done.failure.kind === "command-missing"
      ? fails(`${argv[0]} is not installed`)
      : fromFailure(done.failure);
  const said = done.value.stderr.split("\n").at(-1) ?? "";
  if (done.value.code === 0) return holds(`${argv.join(" ")} succeeded`);
  return fails(said === "" ? `${argv.join(" ")} failed` : said);
}

async function script(
  check: Check & { kind: "script" },
  { context, subject }: CheckEnvironment,
): Promise<CheckResult> {
  const name = check.check ?? subject;
  const loaded = await loadScript(check.script, context.code);
  if (!loaded.ok) return fromFailure(loaded.failure);
  const probe = loaded.value.kind === "module" ? loaded.value.script.checks?.[name] : undefined;
  if (!probe) return unknown(`its script exports no check named ${name}`);
  try {
    return await probe(context);
  } catch (error) {
    if (check.script.kind === "builtin") throw error;
    return unknown(error instanceof Error ? error.message : String(error));
  }
}

function negate(verdict: CheckResult): CheckResult {
  if (verdict.state === "unknown") return verdict;
  return { ...verdict, state: verdict.state === "true" ? "false" : "true" };
}

/** `all` stops at the first false, `any` at the first true; otherwise an unknown decides. */
async function combine(
  kind: "all" | "any",
  checks: readonly Check[],
  setting: CheckEnvironment,
): Promise<CheckResult> {
  const decisive = kind === "all" ? "false" : "true";
  let result = kind === "all" ? holds("nothing to check") : fails("nothing to check");
  for (const check of checks) {
    const verdict = await evaluate(check, setting);
    if (verdict.state === decisive) return verdict;
    if (result.state !== "unknown") result = verdict;
  }
  return result;
}
