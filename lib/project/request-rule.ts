import type { Document } from "../document/document.js";
import type { Problem } from "../failure/failure.js";

/** A rule for commands that programs in the container request, as written: `command` or `prefix` is set. */
export interface RequestRule {
  readonly decision: "allow" | "ask" | "deny";
  /** The part of the vault; undefined for any. */
  readonly part?: string;
  /** The whole command, word by word; `*` stands for exactly one argument. */
  readonly command?: readonly string[];
  /** The words that the command begins with, likewise. */
  readonly prefix?: readonly string[];
  /** ISO 8601. From then on the rule has no effect. */
  readonly until?: string;
  readonly network?: "none";
  /** Allowed commands see the project's files. */
  readonly files?: "any";
  /** Also allows requests to change the project. */
  readonly write?: boolean;
  /** Variables that an allowed request may set. */
  readonly env?: readonly string[];
}

/** Returns the problems of rules that the schema cannot express. `key` is the list's key in its document. */
export function ruleProblems(
  rules: readonly RequestRule[],
  key: string,
  problem: Document["problem"],
): readonly Problem[] {
  return rules.flatMap((rule, index) => problemsOf(rule, [key, index], problem));
}

const allowed = ["files", "write", "env"] as const;

function problemsOf(
  rule: RequestRule,
  path: readonly (string | number)[],
  problem: Document["problem"],
): Problem[] {
  const found: Problem[] = [];
  const { decision, until, write, files } = rule;
  if (until !== undefined && Number.isNaN(Date.parse(until)))
    found.push(problem([...path, "until"], `${JSON.stringify(until)} is no time that exists`));
  for (const key of allowed)
    if (decision !== "allow" && rule[key] !== undefined)
      found.push(
        problem([...path, key], `"${key}" has no effect with \`decision: ${decision}\``, {
          part: "key",
          hint: "leave it out, or use `decision: allow`",
        }),
      );
  if (decision !== "allow") return found;
  if (write === true && files === undefined)
    found.push(
      problem([...path, "write"], "`write: true` needs `files: any`", {
        part: "key",
        hint: "a command that sees no file of the project cannot change the project",
      }),
    );
  const words = rule.command === undefined ? "prefix" : "command";
  if (rule[words]?.[0] === "*")
    found.push(
      problem([...path, words, 0], 'a rule that allows must name the program; "*" would be any program'),
    );
  return found;
}
