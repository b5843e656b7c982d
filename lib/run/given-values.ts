import { resolve } from "node:path";
import { outputName } from "../recipe/outputs.js";
import { environmentPrefix, placeholders, render, type Values } from "../recipe/render.js";
import type { Recipe, Task, Variable } from "../recipe/recipe.js";
import { isRequired } from "../recipe/values.js";

/** What the command line gives, besides options. */
export interface Given {
  /** `NAME=VALUE`, for the recipe's variables and those of the tasks below. */
  readonly named: ReadonlyMap<string, string>;
  /** The words after each task that was named, by argument; for a task of a goal, none. */
  readonly tasks: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** The words after `--`, and the task that takes them. */
  readonly rest?: { readonly task: string; readonly words: readonly string[] };
}

const nothingGiven: Given = { named: new Map(), tasks: new Map() };

/** The values that a recipe does not have itself. */
export interface KnownValues {
  readonly given: Given;
  /** What commands have printed, by `outputKey`. */
  readonly outputs: Map<string, string>;
  /** What tasks with outputs have printed on stdout, by task. */
  readonly printed: Map<string, string>;
  /** The variables of the files with environment variables, by task. */
  readonly dotenv: Map<string, Readonly<Record<string, string>>>;
}

export function knownValues(given: Given = nothingGiven): KnownValues {
  return { given, outputs: new Map(), printed: new Map(), dotenv: new Map() };
}

/** Returns the key of a variable of a task, or of the whole recipe. */
export function outputKey({ name }: Variable, task: Task | undefined): string {
  return `${task?.name ?? ""} ${name}`;
}

/** Returns what was given for a variable: of a task, or of the whole recipe. */
export function givenFor(
  { name }: Variable,
  task: Task | undefined,
  given: Given,
): readonly string[] | undefined {
  const words = task === undefined ? undefined : given.tasks.get(task.name);
  const named = task === undefined || words !== undefined ? given.named.get(name) : undefined;
  return words?.get(name) ?? (named === undefined ? undefined : [named]);
}

/**
 * Returns the values for a task, or for what belongs to no task. One that is still missing is shown as `<name>`.
 * `environment` names the variables of the environment that texts use.
 */
export function valuesOf(
  builtin: Readonly<Record<string, string>>,
  recipe: Recipe,
  task: Task | undefined,
  { given, outputs, printed, dotenv }: KnownValues,
  environment: readonly string[] = [],
): Values {
  const texts: Record<string, string> = { ...builtin };
  // without the names that every object has
  const lists: Record<string, readonly string[]> = Object.create(null);
  const typed = new Set<string>();
  const add = (variable: Variable, owner: Task | undefined): void => {
    const { name, choices, command, variadic, optional } = variable;
    const own = givenFor(variable, owner, given);
    const text = outputs.get(outputKey(variable, owner)) ?? variable.text;
    const words = own ?? (text === undefined ? [] : [text]);
    const isOpen = words.length === 0 && (command !== undefined || isRequired(variable));
    texts[name] = isOpen ? `<${name}>` : words.join(" ");
    // one of a task hides one of the recipe
    delete lists[name];
    typed.delete(name);
    if (variadic || (optional && words.length === 0)) lists[name] = words;
    if (own !== undefined && choices.length === 0) typed.add(name);
  };
  for (const variable of recipe.vars) add(variable, undefined);
  for (const variable of [...(task?.vars ?? []), ...(task?.args ?? [])]) add(variable, task);
  for (const name of task?.uses ?? [])
    for (const output of recipe.tasks.get(name)?.outputs ?? []) {
      const full = outputName(name, output);
      texts[full] = printed.get(name) ?? `<${full}>`;
    }
  const own = task === undefined ? undefined : dotenv.get(task.name);
  for (const name of environment)
    texts[`${environmentPrefix}${name}`] =
      process.env[name] ?? own?.[name] ?? `<${environmentPrefix}${name}>`;
  return { texts, lists, typed };
}

/** Returns the words after `--` if they are for this task. */
export function wordsOf({ rest }: Given, task: Task | undefined): readonly string[] {
  return rest !== undefined && rest.task === task?.name ? rest.words : [];
}

/** Returns the names of the environment variables that the texts of a recipe use. */
export function environmentIn({ facts, tasks, goals, vars, files }: Recipe): readonly string[] {
  // the built-in recipe uses none
  if (files.length < 2) return [];
  const texts = [...facts.values(), ...tasks.values(), ...goals.values(), ...vars];
  return placeholders(JSON.stringify(texts)).flatMap((name) =>
    name.startsWith(environmentPrefix) ? [name.slice(environmentPrefix.length)] : [],
  );
}

/** Returns the folder in which the programs of a task run. */
export function folderOf(task: Task | undefined, root: string, vars: Values["texts"]): string {
  return task?.dir === undefined ? root : resolve(root, render(task.dir, vars));
}

/** Returns the first environment variable that a text uses and that is not set. */
export function missingVariable(text: string, vars: Values["texts"]): string | undefined {
  const missing = placeholders(text).find(
    (name) => name.startsWith(environmentPrefix) && vars[name] === `<${name}>`,
  );
  return missing?.slice(environmentPrefix.length);
}
