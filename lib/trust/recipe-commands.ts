import { engineNames } from "../engine/engine.js";
import { placeholders, renderKnown } from "../recipe/render.js";
import type { Check, Recipe, ScriptRef, Task, Variable } from "../recipe/recipe.js";

/** Returns the variables of a recipe, or of one of its tasks. */
export type VarsOf = (task?: Task) => Readonly<Record<string, string>>;

/** A command of a recipe. */
export interface Command {
  readonly name: string;
  readonly what: "runs" | "is checked by" | "first checks" | "is the output of";
  readonly argv: readonly string[];
}

interface WrittenCommand extends Command {
  /** The folder it runs in, relative to the project. */
  readonly dir?: string | undefined;
  /** The task that it belongs to, if any. */
  readonly task?: Task;
}

/**
 * Returns every command of a recipe, with its values as far as they are known. The built-in recipe has no commands.
 */
export function commandsOf(recipe: Recipe, varsOf: VarsOf): readonly Command[] {
  return writtenCommands(recipe).map(({ name, what, argv, task }) => ({
    name,
    what,
    argv: fill(argv, varsOf(task)),
  }));
}

/** More variants of one command than anyone writes down. */
const maxVariants = 1000;

/** What a recipe may run and read, for every engine and every choice of a value: both are known later. */
export interface PossibleCommands {
  readonly commands: readonly { readonly argv: readonly string[]; readonly dir: string }[];
  /** Files with environment variables, relative to the project. */
  readonly dotenv: readonly string[];
}

export function possibleCommands(recipe: Recipe, varsOf: VarsOf): PossibleCommands {
  const commands = writtenCommands(recipe).flatMap(({ argv, dir = ".", task }) =>
    variants([...argv, dir], recipe, varsOf, task).map((words) => ({
      argv: words.slice(0, -1),
      dir: words.at(-1) ?? ".",
    })),
  );
  const dotenv = [...recipe.tasks.values()].flatMap((task) =>
    task.dotenv.flatMap(({ file }) => variants([file], recipe, varsOf, task).flat()),
  );
  return { commands, dotenv };
}

/** Fills in texts in every way. */
function variants(
  texts: readonly string[],
  recipe: Recipe,
  varsOf: VarsOf,
  task: Task | undefined,
): readonly (readonly string[])[] {
  const own = [...recipe.vars, ...(task?.vars ?? []), ...(task?.args ?? [])];
  const choices = new Map<string, readonly string[]>([
    ["engine", engineNames],
    ...own.map((variable) => [variable.name, variable.choices] as const),
  ]);
  let found = [varsOf(task)];
  for (const name of new Set(texts.flatMap(placeholders))) {
    const values = choices.get(name) ?? [];
    if (values.length === 0 || values.length * found.length > maxVariants) continue;
    found = found.flatMap((vars) => values.map((value) => ({ ...vars, [name]: value })));
  }
  return found.map((vars) => fill(texts, vars));
}

function writtenCommands(recipe: Recipe): readonly WrittenCommand[] {
  return [
    ...sources(recipe.vars),
    ...[...recipe.facts.values()].flatMap(({ name, check }) =>
      commandsIn(check).map((argv) => ({ name, what: "is checked by" as const, argv })),
    ),
    ...[...recipe.tasks.values()].flatMap((task) => [
      ...sources(task.vars, task),
      ...task.preconditions
        .flatMap(({ check }) => commandsIn(check))
        .map((argv) => ({ name: task.name, what: "first checks" as const, argv, task })),
      ...(task.action.kind === "cmds" ? task.action.cmds : []).map((argv) => ({
        name: task.name,
        what: "runs" as const,
        argv,
        dir: task.dir,
        task,
      })),
    ]),
  ];
}

/** Returns the commands that print the values of variables. */
function sources(vars: readonly Variable[], task?: Task): readonly WrittenCommand[] {
  return vars.flatMap(({ name, command }) =>
    command === undefined
      ? []
      : [{ name, what: "is the output of", argv: command, ...(task === undefined ? {} : { task }) }],
  );
}

function fill(argv: readonly string[], vars: Readonly<Record<string, string>>): readonly string[] {
  return argv.map((word) => renderKnown(word, vars));
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
