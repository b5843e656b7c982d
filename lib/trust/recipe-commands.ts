import { engineNames } from "../engine/engine.js";
import { render } from "../recipe/render.js";
import type { Check, Recipe, ScriptRef, Task } from "../recipe/recipe.js";

/** Returns the variables of a recipe, or of one of its tasks. */
export type VarsOf = (task?: Task) => Readonly<Record<string, string>>;

/** A command of a recipe, with its variables filled in. */
export interface Command {
  readonly name: string;
  readonly what: "runs" | "is checked by" | "first checks";
  readonly argv: readonly string[];
}

/** Returns every command of a recipe. The built-in recipe has none. */
export function commandsOf(recipe: Recipe, varsOf: VarsOf): readonly Command[] {
  const commands: Command[] = [];
  const add = (
    name: string,
    what: Command["what"],
    argvs: readonly (readonly string[])[],
    vars: Readonly<Record<string, string>>,
  ): void => {
    for (const argv of argvs) commands.push({ name, what, argv: argv.map((word) => render(word, vars)) });
  };
  for (const { name, check } of recipe.facts.values())
    add(name, "is checked by", commandsIn(check), varsOf());
  for (const task of recipe.tasks.values()) {
    const vars = varsOf(task);
    for (const { check } of task.preconditions) add(task.name, "first checks", commandsIn(check), vars);
    if (task.action.kind === "cmds") add(task.name, "runs", task.action.cmds, vars);
  }
  return commands;
}

/** Returns the commands for every engine, since the engine is chosen later and a command may contain its name. */
export function possibleCommands(recipe: Recipe, varsOf: VarsOf): readonly Command[] {
  return engineNames.flatMap((engine) => commandsOf(recipe, (task) => ({ ...varsOf(task), engine })));
}

/** Returns the project's scripts that a recipe names, absolute. */
export function scriptsOf(recipe: Recipe): readonly string[] {
  const refs: ScriptRef[] = [];
  for (const { check } of recipe.facts.values()) refs.push(...scriptsIn(check));
  for (const { action, preconditions } of recipe.tasks.values()) {
    if (action.kind === "script") refs.push(action.script);
    for (const { check } of preconditions) refs.push(...scriptsIn(check));
  }
  return [...new Set(refs.flatMap((ref) => (ref.kind === "file" ? [ref.file] : [])))];
}

function scriptsIn(check: Check): readonly ScriptRef[] {
  if (check.kind === "script") return [check.script];
  return nestedChecks(check).flatMap(scriptsIn);
}

function commandsIn(check: Check): readonly (readonly string[])[] {
  if (check.kind === "command") return [check.argv];
  return nestedChecks(check).flatMap(commandsIn);
}

function nestedChecks(check: Check): readonly Check[] {
  if (check.kind === "not") return [check.check];
  return check.kind === "all" || check.kind === "any" ? check.checks : [];
}
