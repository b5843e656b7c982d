import type { Values } from "../recipe/render.js";
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

export const nothingGiven: Given = { named: new Map(), tasks: new Map() };

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

/** Returns the values for a task, or for what belongs to no task. One that is still missing is shown as `<name>`. */
export function valuesOf(
  builtin: Readonly<Record<string, string>>,
  recipe: Recipe,
  task: Task | undefined,
  given: Given,
): Values {
  const texts: Record<string, string> = { ...builtin };
  const lists: Record<string, readonly string[]> = {};
  const typed = new Set<string>();
  const add = (variable: Variable, owner: Task | undefined): void => {
    const { name, text, choices, variadic, optional } = variable;
    const own = givenFor(variable, owner, given);
    const words = own ?? (text === undefined ? [] : [text]);
    texts[name] = words.length === 0 && isRequired(variable) ? `<${name}>` : words.join(" ");
    // one of a task hides one of the recipe
    delete lists[name];
    typed.delete(name);
    if (variadic || (optional && words.length === 0)) lists[name] = words;
    if (own !== undefined && choices.length === 0) typed.add(name);
  };
  for (const variable of recipe.vars) add(variable, undefined);
  for (const variable of [...(task?.vars ?? []), ...(task?.args ?? [])]) add(variable, task);
  return { texts, lists, typed };
}

/** Returns the words after `--` if they are for this task. */
export function wordsOf({ rest }: Given, task: Task | undefined): readonly string[] {
  return rest !== undefined && rest.task === task?.name ? rest.words : [];
}
