import { plainWord } from "../host/quoted.js";
import type { RequestRule } from "../project/request-rule.js";
import type { RequestedCommand, Ruling } from "./request.js";

/** A rule, and where it is. */
export interface Rule extends RequestRule {
  /** The user's own rules, or those that the project proposes. */
  readonly from: "user" | "project";
  /** For people: `~/.config/tazpod/requests.yaml:3`, or `rule 2 of the project's request_rules`. */
  readonly place: string;
}

type Command = Pick<RequestedCommand, "parts" | "argv" | "write" | "variables" | "variableFiles">;

/**
 * Decides about a requested command. The strictest matching rule counts: deny before ask, ask before allow; without a
 * match a person is asked. One rule that denies is enough for any requested part, while every requested part needs a
 * rule that allows. `command.parts` has the parts' names, without `all`.
 */
export function decide(rules: readonly Rule[], command: Command, now: Date): Ruling {
  const matching = rules.filter(
    (rule) =>
      !hasEnded(rule, now) &&
      matchesWords(rule, command.argv) &&
      (rule.part === undefined || command.parts.includes(rule.part)),
  );
  const offline = matching.some(({ network }) => network === "none");
  const ruling = (decision: Ruling["decision"], why: string, withoutProject = false): Ruling => ({
    ...{ decision, why, offline, withoutProject },
  });
  for (const decision of ["deny", "ask"] as const) {
    const rule = matching.find((one) => one.decision === decision);
    if (rule !== undefined) return ruling(decision, `${reference(rule)}.`);
  }
  const allowing = matching.filter((rule) => permits(rule, command));
  const used = covering(allowing, command.parts);
  if (used === undefined) return ruling("ask", whyNot(matching, allowing, command));
  const withFiles = covering(
    allowing.filter(({ files }) => files === "any"),
    command.parts,
  );
  const named = [...new Set(withFiles ?? used)].map(reference).join("; ");
  return ruling("allow", `${named}.`, withFiles === undefined);
}

/** Tells whether a rule has no effect any more. */
export function hasEnded({ until }: RequestRule, now: Date): boolean {
  return until !== undefined && !(now.getTime() < Date.parse(until));
}

function matchesWords({ command, prefix = [] }: RequestRule, argv: readonly string[]): boolean {
  const words = command ?? prefix;
  if (words.length === 0 || argv.length < words.length) return false;
  if (command !== undefined && argv.length > words.length) return false;
  return words.every((word, index) => word === "*" || word === argv[index]);
}

/** Tells whether a rule that allows the words also allows what else is requested. */
function permits(rule: Rule, { write, variables, variableFiles }: Command): boolean {
  const { decision, env = [] } = rule;
  return (
    decision === "allow" &&
    (!write || rule.write === true) &&
    variables.every(({ name }) => env.includes(name)) &&
    variableFiles.length === 0
  );
}

/** Returns a rule for each part; undefined if one has none. Without parts, only a rule for any part fits. */
function covering(rules: readonly Rule[], parts: readonly string[]): readonly Rule[] | undefined {
  const wanted = parts.length === 0 ? [undefined] : parts;
  const found = wanted.map((name) => rules.find(({ part }) => part === undefined || part === name));
  return found.every((rule) => rule !== undefined) ? found : undefined;
}

/** Explains why none of the matching rules, which all allow something, allows this command. */
function whyNot(matching: readonly Rule[], allowing: readonly Rule[], command: Command): string {
  if (matching.length === 0) return "No rule matches.";
  const { parts, write, variables, variableFiles } = command;
  const bare = parts.filter(
    (name) => covering(allowing.length === 0 ? matching : allowing, [name]) === undefined,
  );
  const lacks =
    bare.length > 0
      ? [`the ${bare.length === 1 ? "part" : "parts"} ${bare.join(", ")}`]
      : [
          ...(write ? ["changes of the project"] : []),
          ...(variables.length + variableFiles.length > 0 ? ["these variables"] : []),
        ];
  return `No rule allows this command with ${lacks.length === 0 ? "no part" : lacks.join(" and ")}.`;
}

const reference = (rule: Rule): string => `${describeRule(rule)} (${rule.place})`;

/** Formats what a rule says: `allow kubectl get * … with the part prod`, where `…` stands for any further words. */
export function describeRule({
  decision,
  part,
  command,
  prefix = [],
  ...more
}: Omit<RequestRule, "until">): string {
  const words = (command ?? prefix).map(plainWord);
  return [
    `${decision} ${words.join(" ")}${command === undefined ? " …" : ""}`,
    ...(part === undefined ? [] : [`with the part ${part}`]),
    ...(more.env === undefined ? [] : [`with the variables ${more.env.join(", ")}`]),
    ...(more.files === undefined
      ? []
      : [more.write === true ? "with the project, which it may change" : "with the project's files"]),
    ...(more.network === undefined ? [] : ["without network"]),
  ].join(", ");
}
