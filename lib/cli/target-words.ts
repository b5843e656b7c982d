import { nearest } from "../document/nearest.js";
import { type Result, fail, ok } from "../failure/result.js";
import type { Target } from "../plan/planned-steps.js";
import { placeholders } from "../recipe/render.js";
import type { Goal, Recipe, Task, Variable } from "../recipe/recipe.js";
import { scriptIndex } from "../recipe/script-text.js";
import { isRequired, listOf, settable, wrongValue } from "../recipe/values.js";
import { type Given, givenFor } from "../run/given-values.js";
import { commandsOf } from "../trust/recipe-commands.js";
import { commandNames } from "./commands.js";
import { taskUsage } from "./usage.js";

/** What the words of a command line name. */
export interface NamedTarget {
  readonly target: Target;
  readonly given: Given;
}

/** A goal or task that was named, and the words after it. */
interface Entry {
  readonly one: Goal | Task;
  readonly tasks: readonly Task[];
  readonly words: Map<string, readonly string[]>;
}

/**
 * Reads the words after `run`: goals and tasks, each task with its arguments, and NAME=VALUE; `after` are the words
 * after `--`. Failures: `usage`, `unknown-name`.
 */
export function readTarget(
  recipe: Recipe,
  words: readonly string[],
  after: readonly string[],
): Result<NamedTarget> {
  const assigned = readAssignments(words);
  if (!assigned.ok) return assigned;
  const { named, others } = assigned.value;
  const read = readEntries(recipe, others, named);
  if (!read.ok) return read;
  const entries = read.value;
  const rest = after.length === 0 ? ok(undefined) : giveRest(entries);
  if (!rest.ok) return rest;
  const given: Given = {
    named,
    tasks: wordsOfTasks(entries, rest.value, after),
    ...(rest.value === undefined ? {} : { rest: { task: rest.value.name, words: after } }),
  };
  const tasks = entries.flatMap((entry) => entry.tasks);
  const checked = checkGiven(recipe, tasks, given);
  if (!checked.ok) return checked;
  const target = {
    name: entries.map(({ one }) => one.name).join(" "),
    tasks: tasks.map(({ name }) => name),
    named: entries.flatMap(({ one }) => ("run" in one ? [] : [one.name])),
  };
  return ok({ target, given });
}

/** Returns the words for each task, by argument: a task may be named, and be one of a goal's as well. */
function wordsOfTasks(
  entries: readonly Entry[],
  last: Task | undefined,
  after: readonly string[],
): Given["tasks"] {
  const found = new Map<string, ReadonlyMap<string, readonly string[]>>();
  const add = ({ name }: Task, words: Iterable<readonly [string, readonly string[]]>): void =>
    void found.set(name, new Map([...(found.get(name) ?? []), ...words]));
  for (const { tasks, words } of entries) for (const task of tasks) add(task, words);
  const variadic = variadicOf(last);
  if (last !== undefined && variadic !== undefined) add(last, [[variadic.name, after]]);
  return found;
}

/** Returns the argument of a task that takes the words after `--`, if any. */
function variadicOf(task: Task | undefined): Task["args"][number] | undefined {
  return task?.args.find((arg) => arg.variadic);
}

/** Finds the goal or task with a name or an alias. Failure: `unknown-name`, with the nearest name. */
export function findNamed(recipe: Recipe, word: string): Result<Goal | Task> {
  const goal = byName(recipe.goals, word);
  if (goal) return ok(goal);
  const task = byName(recipe.tasks, word);
  if (task && !task.internal) return ok(task);
  const close = nearest(word, [...names(recipe), ...commandNames]);
  return fail({
    kind: "unknown-name",
    what: "command, goal or task",
    name: word,
    ...(close === undefined
      ? { known: [...new Set([...commandNames, ...names(recipe)])] }
      : { nearest: close }),
  });
}

function byName<T extends Goal | Task>(all: ReadonlyMap<string, T>, word: string): T | undefined {
  return all.get(word) ?? [...all.values()].find((one) => one.aliases.includes(word));
}

function names(recipe: Recipe): string[] {
  const tasks = [...recipe.tasks.values()].filter((task) => !task.internal);
  return [...recipe.goals.keys(), ...tasks.map((task) => task.name)];
}

/** Separates `NAME=VALUE` from the other words. */
function readAssignments(
  words: readonly string[],
): Result<{ readonly named: ReadonlyMap<string, string>; readonly others: readonly string[] }> {
  const named = new Map<string, string>();
  const others: string[] = [];
  for (const word of words) {
    const [, name, text = ""] = /^([A-Za-z_][A-Za-z0-9_-]*)=([^]*)$/.exec(word) ?? [];
    if (name === undefined) others.push(word);
    else if (named.has(name)) return givenTwice(name);
    else named.set(name, text);
  }
  return ok({ named, others });
}

/** Assigns each word to the task before it as long as that takes one; any other has to name a goal or a task. */
function readEntries(
  recipe: Recipe,
  words: readonly string[],
  named: ReadonlyMap<string, string>,
): Result<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const word of words) {
    const last = entries.at(-1);
    const free = last === undefined || "run" in last.one ? [] : last.one.args;
    const arg = free.find(({ name, variadic }) => !variadic && !last?.words.has(name) && !named.has(name));
    const found = findNamed(recipe, word);
    // a name that an argument cannot have, and need not have, is that of the next task
    const isNext = found.ok && arg !== undefined && !isRequired(arg) && wrongValue(arg, word) !== undefined;
    if (arg !== undefined && !isNext) {
      last?.words.set(arg.name, [word]);
      continue;
    }
    if (!found.ok) return last === undefined ? found : unexpected(word, last, named, found);
    const one = found.value;
    if (entries.some((entry) => entry.one === one))
      return fail({
        kind: "usage",
        message: `${one.name} is named twice.`,
        hint: "A task runs once in a call.",
      });
    const tasks = ("run" in one ? one.run : [one.name]).flatMap((name) => recipe.tasks.get(name) ?? []);
    entries.push({ one, tasks, words: new Map() });
  }
  if (entries.length > 0) return ok(entries);
  return fail({
    kind: "usage",
    message: "Name a goal or a task.",
    hint: `This project has ${names(recipe).join(", ")}.`,
  });
}

/** Returns the failure for a word that is neither an argument of the task before it nor a name. */
function unexpected(
  word: string,
  { one, words }: Entry,
  named: ReadonlyMap<string, string>,
  found: Result<unknown>,
): Result<never> {
  const args = "run" in one ? [] : one.args;
  const taken = args.find(({ name, variadic }) => !variadic && named.has(name) && !words.has(name));
  if (taken !== undefined)
    return fail({
      kind: "usage",
      message: `"${word}" is no argument of ${one.name}, since ${taken.name}=${named.get(taken.name) ?? ""} gives ${taken.name}.`,
      hint: `Leave one out. Usage: ${taskUsage(one)}`,
    });
  const close = found.ok || found.failure.kind !== "unknown-name" ? undefined : found.failure.nearest;
  return fail({
    kind: "usage",
    message: `"${word}" is no argument of ${one.name}, and no goal or task.`,
    hint: close === undefined ? `Usage: ${taskUsage(one)}` : `Did you mean "${close}"?`,
  });
}

/**
 * Gives the words after `--` to the last task. Returns the task if they are not the command of a shell. Failure:
 * `usage`, for one that takes none.
 */
function giveRest(entries: readonly Entry[]): Result<Task | undefined> {
  const last = entries.at(-1);
  const shell = entries.find(({ tasks }) => tasks.some(runsCommand));
  if (last === undefined || shell === last) return ok(undefined);
  if (shell !== undefined)
    return fail({
      kind: "usage",
      message: `The words after -- belong to ${last.one.name}, which is named last.`,
      hint: `Name ${shell.one.name} last, or run it by itself.`,
    });
  const task = last.tasks.at(-1);
  if (variadicOf(task) !== undefined) return ok(task);
  const { action, args = [] } = task ?? {};
  if (
    args.length === 0 &&
    (action?.kind === "cmds" || (action?.kind === "script" && action.script.kind === "file"))
  )
    return ok(task);
  if (args.length > 0)
    return fail({
      kind: "usage",
      message: `${last.one.name} takes no words after --.`,
      hint: `Usage: ${taskUsage(last.one)}`,
    });
  return fail({
    kind: "usage",
    message: `${last.one.name} runs no command, so nothing can follow --.`,
    hint: "`tazpod enter -- CMD` runs one.",
  });
}

/** Tells whether a task runs what follows `--` as a command. */
function runsCommand({ action }: Task): boolean {
  return (
    action.kind === "script" &&
    action.script.kind === "builtin" &&
    ["shell", "with"].includes(action.script.name)
  );
}

/** Checks that every value has a variable and suits it, and that no required one is missing. */
function checkGiven(recipe: Recipe, tasks: readonly Task[], given: Given): Result<void> {
  const open = tasks.flatMap((task) => settable(task).map((variable) => ({ variable, task })));
  const all = [...recipe.vars.map((variable) => ({ variable, task: undefined })), ...open];
  for (const name of given.named.keys()) {
    if (all.some(({ variable }) => variable.name === name)) continue;
    const known = [...new Set(all.map(({ variable }) => variable.name))];
    if (known.length === 0)
      return fail({
        kind: "usage",
        message: `${tasks.map((task) => task.name).join(", ")} takes no NAME=VALUE, so ${name}= has no meaning.`,
        hint: "`args` and `vars` in the recipe declare what a task takes.",
      });
    const close = nearest(name, known);
    const guess = close === undefined ? { known } : { nearest: close };
    return fail({ kind: "unknown-name", what: "variable or argument", name, ...guess });
  }
  for (const { variable, task } of all) {
    const words = givenFor(variable, task, given);
    if (
      task !== undefined &&
      given.tasks.get(task.name)?.has(variable.name) &&
      given.named.has(variable.name)
    )
      return givenTwice(variable.name);
    for (const word of words ?? []) {
      const wrong = wrongValue(variable, word);
      if (wrong === undefined) continue;
      const hint = wrong.nearest === undefined ? variable.help : `Did you mean "${wrong.nearest}"?`;
      return fail({ kind: "usage", message: `${variable.name} has to be ${wrong.message}.`, hint });
    }
    if (words !== undefined && !variable.isDeclared && isReadAsCode(recipe, variable))
      return fail({
        kind: "usage",
        message: `${variable.name} is part of a script in the recipe, so the command line cannot set it.`,
        hint: "The recipe can pass it to the script as an argument, or in `env`.",
      });
  }
  const missing = open.find(
    ({ variable, task }) => isRequired(variable) && givenFor(variable, task, given) === undefined,
  );
  if (missing === undefined) return ok(undefined);
  const { name, help, choices } = missing.variable;
  const about = [...(help === undefined ? [] : [help]), ...(choices.length === 0 ? [] : [listOf(choices)])];
  return fail({
    kind: "usage",
    message: `${missing.task.name} needs a value for ${name}${about.length === 0 ? "" : `: ${about.join(": ")}`}.`,
    hint: `Usage: ${taskUsage(missing.task)}`,
  });
}

/** Tells whether a value stands in a text that a shell or another program reads as code. */
function isReadAsCode(recipe: Recipe, { name }: Variable): boolean {
  return commandsOf(recipe, () => ({})).some(({ argv }) => {
    const code = scriptIndex(argv);
    return code !== undefined && placeholders(argv[code] ?? "").includes(name);
  });
}

function givenTwice(name: string): Result<never> {
  return fail({ kind: "usage", message: `${name} is given twice.`, hint: "Give one value." });
}
