import { didYouMean } from "../document/nearest.js";
import type { Problem } from "../failure/failure.js";
import { argumentsOf, itemsOf } from "./fields.js";
import type { MergedRecipe } from "./merge-layers.js";
import { outputOf, outputProblem, outputsIn } from "./outputs.js";
import { environmentPrefix, isPlaceholder, placeholders } from "./render.js";
import { readVariables } from "./read-variables.js";
import { problemAt, type Tree } from "./recipe-tree.js";
import type { Task, Variable } from "./recipe.js";
import { scriptIndex } from "./script-text.js";

/** The names that have a value in one place; those that tazpod sets have no variable. */
type Names = ReadonlyMap<string, Variable | undefined>;

/** What a text is: an item of a command, code for an interpreter, or something else. */
type Part = "item" | "code" | "text";

/**
 * Returns problems: `{{name}}` without a value or where its value cannot stand, and variables that hide those that
 * tazpod sets.
 */
export function checkTemplates(
  merged: MergedRecipe,
  tasks: ReadonlyMap<string, Task>,
  knownVars: readonly string[],
): readonly Problem[] {
  const problems: Problem[] = [];
  const fixed = new Set(knownVars);
  let noCommands: string | undefined;
  let noOutputs: string | undefined;

  const scanText = ({ value, place }: Tree & { kind: "leaf" }, names: Names, part: Part): void => {
    if (typeof value !== "string") return;
    for (const name of placeholders(value)) {
      const variable = names.get(name);
      const isEnvironment = name.startsWith(environmentPrefix);
      const report = (message: string, hint?: string): void =>
        void problems.push(problemAt(place, message, { hint }));
      const output = outputOf(name);
      const unknown = output === undefined ? undefined : outputProblem(output, tasks);
      const later = output ?? outputsIn(variable?.command ?? [])[0];
      if (unknown !== undefined) report(unknown.message, unknown.hint);
      else if (later !== undefined && noOutputs !== undefined)
        report(`{{${name}}} has a value only when ${later.task} has run, and ${noOutputs}`);
      else if (!names.has(name) && !isEnvironment && output === undefined)
        report(
          `{{${name}}} has no value here`,
          didYouMean(name, names.keys()) ?? `known names: ${[...names.keys()].join(", ")}`,
        );
      else if (part === "code" && (isEnvironment || output !== undefined || variable?.isDeclared === true))
        report(
          `the value of {{${name}}} would be read as code here`,
          `pass it as an argument, as in [sh, -c, 'echo "$1"', sh, "{{${name}}}"]`,
        );
      else if (variable?.command !== undefined && noCommands !== undefined)
        report(`{{${name}}} is the output of a command, and ${noCommands}`);
      else if (variable?.variadic === true && (part !== "item" || !isPlaceholder(value)))
        report(`{{${name}}} stands for several words, so it has to be an item of \`cmds\` by itself`);
    }
  };
  const scan = (tree: Tree | undefined, names: Names, part: Part = "text"): void => {
    if (tree?.kind === "leaf") scanText(tree, names, part);
    else if (tree?.kind === "map") for (const child of tree.entries.values()) scan(child, names, part);
    else if (tree?.kind === "list") {
      const code = scriptIndex(argumentsOf(tree));
      for (const [index, item] of tree.items.entries()) scan(item, names, index === code ? "code" : part);
    }
  };
  /** Scans what has its values before any task has run. */
  const scanEarly = (tree: Tree | undefined, names: Names, why: string): void => {
    noOutputs = why;
    scan(tree, names);
    noOutputs = undefined;
  };
  /** Scans what cannot use the output of a command. */
  const scanWithoutCommands = (tree: Tree | undefined, names: Names, why: string): void => {
    noCommands = why;
    scan(tree, names);
    noCommands = undefined;
  };
  const define = (vars: ReadonlyMap<string, Tree>): void => {
    for (const [name, tree] of vars) {
      if (fixed.has(name))
        problems.push(
          problemAt(tree.place, `tazpod sets "${name}" itself`, { part: "key", hint: "use another name" }),
        );
      const value = tree.kind === "map" ? tree.entries.get("default") : tree;
      if (value?.kind === "leaf" && typeof value.value === "string" && placeholders(value.value).length > 0)
        problems.push(
          problemAt(value.place, "a variable's value is used as written: {{…}} is not replaced in it"),
        );
    }
  };

  const scanSource = (tree: Tree, names: Names): void => {
    if (tree.kind === "map")
      scanWithoutCommands(tree.entries.get("command"), names, "it cannot be needed by another");
  };

  define(merged.vars);
  const known: Names = new Map([
    ...knownVars.map((name) => [name, undefined] as const),
    ...readVariables(merged.vars).map((variable) => [variable.name, variable] as const),
  ]);
  for (const { entries } of merged.facts.values()) {
    noOutputs = "facts are checked before";
    for (const field of ["desc", "check"])
      scanWithoutCommands(entries.get(field), known, "`plan` checks facts, but does not run it");
  }
  noOutputs = "the variables of the whole recipe may be needed before";
  for (const tree of merged.vars.values()) scanSource(tree, known);
  noOutputs = undefined;
  for (const { entries } of merged.goals.values())
    for (const field of ["desc", "summary"])
      scanEarly(entries.get(field), known, "this text is shown before");
  for (const [task, { entries }] of merged.tasks) {
    const vars = entries.get("vars");
    if (vars?.kind === "map") define(vars.entries);
    define(new Map(
      itemsOf(entries, "args").map((tree, index) => [tasks.get(task)?.args[index]?.name ?? "", tree]),
    ));
    const { args = [], vars: own = [] } = tasks.get(task) ?? {};
    const here: Names = new Map([
      ...known,
      ...[...own, ...args].map((variable) => [variable.name, variable] as const),
    ]);
    const withReason: Names = new Map([...here, ["reason", undefined]]);
    if (vars?.kind === "map") for (const tree of vars.entries.values()) scanSource(tree, here);
    for (const field of ["desc", "summary"]) scanEarly(entries.get(field), here, "this text is shown before");
    for (const field of ["env", "dir"]) scan(entries.get(field), here);
    scanEarly(entries.get("dotenv"), here, "the files are trusted before");
    scan(entries.get("cmds"), here, "item");
    scanEarly(entries.get("confirm"), withReason, "questions are asked before");
    for (const item of itemsOf(entries, "preconditions")) {
      if (item.kind !== "map") continue;
      scan(item.entries.get("check"), here);
      scan(item.entries.get("msg"), withReason);
    }
  }
  return problems;
}
