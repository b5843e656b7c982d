import { join } from "node:path";
import { invalidDocument } from "../document/document.js";
import type { Schema } from "../document/schema.js";
import { failureText } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { ok, type Result } from "../failure/result.js";
import type { RequestsFile } from "../generated/requests.js";
import * as requests from "../generated/requests-validator.js";
import { realPath } from "../host/files.js";
import { readOwnFile } from "../host/own-file.js";
import { configFolder, displayPath } from "../host/paths.js";
import type { Project } from "../project/project.js";
import { ruleProblems } from "../project/request-rule.js";
import { describeRule, hasEnded, type Rule } from "./rules.js";

/** The rules for a project on this host. With a problem, none of them allows anything. */
export interface ReadRules {
  readonly rules: readonly Rule[];
  readonly problems: readonly Failure[];
}

/** The schema of requests.yaml: schema/requests.schema.json. */
const requestsSchema: Schema<RequestsFile> = requests;

/** Returns the file with the user's rules: requests.yaml in the user's folder for settings. */
function rulesFile(): string {
  return join(configFolder(), "requests.yaml");
}

/**
 * Reads the user's rules and adds those that the project proposes, which must be trusted already. If the user's file
 * cannot be used, no rule allows anything, and `problems` says why; rules of the project that deny or ask remain.
 */
export async function readRules(project: Pick<Project, "root" | "config">): Promise<ReadRules> {
  const proposed = project.config.requestRules.map((rule, index): Rule => ({
    ...rule,
    from: "project",
    place: `rule ${index + 1} of the project's request_rules`,
  }));
  const own = await readUserRules(project.root);
  if (own.ok) return { rules: [...own.value, ...proposed], problems: [] };
  return { rules: proposed.filter(({ decision }) => decision !== "allow"), problems: [own.failure] };
}

async function readUserRules(root: string): Promise<Result<readonly Rule[]>> {
  const path = rulesFile();
  const text = await readOwnFile(path);
  if (!text.ok) return text;
  // an empty file has no rules, but the parser requires a map
  if (text.value === undefined || !/^[ \t]*[^\s#]/m.test(text.value)) return ok([]);
  const { parseDocument } = await import("../document/parse-yaml.js");
  const parsed = parseDocument({ path: displayPath(path), text: text.value }, requestsSchema);
  if (!parsed.ok) return parsed;
  const { value, problem, locate } = parsed.value;
  const problems = ruleProblems(value.rules, "rules", problem);
  if (problems.length > 0) return invalidDocument(problems);
  const found: Rule[] = [];
  for (const [index, { project, ...rule }] of value.rules.entries()) {
    if (project !== undefined && !(await isFolder(project, root))) continue;
    const { file, line } = locate(["rules", index]);
    found.push({ ...rule, from: "user", place: `${file}:${line}` });
  }
  return ok(found);
}

async function isFolder(path: string, root: string): Promise<boolean> {
  const real = await realPath(path);
  return real.ok && real.value === root;
}

/** Formats all rules for people, a line each: those that have effect, those that have ended, and problems first. */
export function formatRules({ rules, problems }: ReadRules, now: Date): readonly string[] {
  const row = (rule: Rule): string => {
    const { until, place } = rule;
    const end = until === undefined ? "" : `, ${hasEnded(rule, now) ? "ended" : "until"} ${until}`;
    return `  ${describeRule(rule)}${end} (${place})`;
  };
  const section = (title: string, listed: readonly Rule[]): readonly string[] =>
    listed.length === 0 ? [] : [title, ...listed.map(row)];
  const live = rules.filter((rule) => !hasEnded(rule, now));
  return [
    ...problems.map(failureText),
    ...(problems.length === 0 ? [] : ["Until this is corrected, nothing is allowed without asking."]),
    ...section(
      "Your rules:",
      live.filter(({ from }) => from === "user"),
    ),
    ...section(
      "Rules of this project:",
      live.filter(({ from }) => from === "project"),
    ),
    ...section(
      "Without effect:",
      rules.filter((rule) => hasEnded(rule, now)),
    ),
    live.length === 0
      ? `There are no rules, so each request is asked. Yours belong in ${displayPath(rulesFile())}.`
      : "deny comes before ask, and ask before allow. What no rule matches is asked.",
  ];
}

/** Returns all rules as data: each as written, with where it is and whether it has ended. */
export function rulesJson({ rules, problems }: ReadRules, now: Date): object {
  return {
    rules: rules.map((rule) => ({ ...rule, ended: hasEnded(rule, now) })),
    problems: problems.map(failureText),
  };
}
