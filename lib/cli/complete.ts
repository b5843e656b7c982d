import { engineNames } from "../engine/engine.js";
import { printable } from "../host/printable.js";
import { printResult } from "../host/screen.js";
import { rest } from "../vault/vault-parts.js";
import { numberedCopies } from "../remote/copies.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Goal, Recipe, Task, Variable } from "../recipe/recipe.js";
import { render } from "../recipe/render.js";
import { defaultOptions } from "../run/arguments.js";
import { type Flag, type FlagName, flags, runFlags } from "../run/flags.js";
import { flagsOf } from "../run/task-flags.js";
import { type ProjectRun, recipeOf, withProject } from "../session/open-project.js";
import { readTrust } from "../trust/ensure-trusted.js";
import { type Command, commands, findCommand } from "./commands.js";
import { commandWords } from "./requests/describe-request.js";
import { openRequests } from "./requests/open-requests.js";
import { readTyped, type Typed } from "./typed-words.js";

/** A word that may follow, with what it means. `:files` and `:folders` leave it to the shell to complete a path. */
interface Candidate {
  readonly value: string;
  readonly about?: string;
}

/** What the candidates come from; without a project that is trusted, the built-in recipe. */
interface Known {
  readonly recipe: Recipe;
  readonly run?: ProjectRun;
}

/** How long a remote may take to list its history, in ms. */
const listMs = 1000;

/**
 * `tazpod __complete WORD…`: prints the words that may replace the last one, each with a tab and what it means. The shells
 * call it (completion-scripts.ts). It asks nothing, starts no engine, contacts no remote but a folder, and prints nothing
 * of a project that is not trusted. Failures are silent, since the user is typing.
 */
export async function complete(words: readonly string[]): Promise<number> {
  const typed = readTyped(words);
  const known = await knownIn(typed.values.get("project"));
  if (known === undefined) return 0;
  const { last, current, kept } = typed;
  const before = last.slice(0, last.length - current.length);
  for (const { value, about = "" } of await candidates(typed, known)) {
    const word = `${before}${value}`;
    if (value.startsWith(":")) printResult(value);
    else if (word.startsWith(last))
      printResult(`${word.slice(kept)}${about === "" ? "" : `\t${printable(about)}`}`);
  }
  return 0;
}

async function knownIn(project: string | undefined): Promise<Known | undefined> {
  const opened = await withProject(
    project,
    defaultOptions(),
    async (run): Promise<Result<Known>> => {
      const { services, recipe } = run;
      const trust = await readTrust(services.project, recipe, (task) => services.vars(recipe, task));
      if (!trust.ok) return trust;
      return trust.value.state === "untrusted"
        ? fail({ kind: "declined", question: "" })
        : ok({ recipe, run });
    },
    { skipTrustCheck: true },
  );
  if (opened.ok) return opened.value;
  const recipe = await recipeOf();
  return recipe.ok ? { recipe: recipe.value } : undefined;
}

async function candidates(typed: Typed, known: Known): Promise<readonly Candidate[]> {
  const { words, current, flag, isCommand } = typed;
  if (isCommand) return [{ value: ":files" }];
  if (flag !== undefined) return valuesOf(flag, typed, known);
  if (current.startsWith("-")) return flagsFor(typed, known);
  const [first] = words;
  if (first === undefined) return [...firstWords(), ...targets(known)];
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0 && words.length === 1)
    return group.map(({ name, summary }) => ({ value: name.slice(first.length + 1), about: summary }));
  const found = findCommand(words);
  if (found === undefined) return wordsOfTasks(words, typed, known);
  const { command, rest: after } = found;
  if (command.name === "run" || command.name === "plan") return wordsOfTasks(after, typed, known);
  return after.length > 0 ? [] : wordsOf(command, known);
}

function firstWords(): readonly Candidate[] {
  const seen = new Map<string, Candidate>();
  for (const { name, summary } of commands) {
    const [value = "", second] = name.split(" ");
    if (!seen.has(value)) seen.set(value, { value, about: second === undefined ? summary : "" });
  }
  return [...seen.values()];
}

/** The word that a command takes, by how its help writes it. */
async function wordsOf({ words }: Command, known: Known): Promise<readonly Candidate[]> {
  const word = words.replaceAll(/[[\]]/g, "");
  if (word === "ID") return requests(known);
  if (/^[a-z|]+$/.test(word)) return word.split("|").map((value) => ({ value }));
  if (word === "NAME") return [...firstWords(), ...targets(known)];
  return word.includes("FILE") ? [{ value: ":files" }] : [];
}

/** The requests that wait or run, for sessions that answer. */
async function requests({ run }: Known): Promise<readonly Candidate[]> {
  if (run === undefined) return [];
  const found = await openRequests(run.services.project.root);
  if (!found.ok) return [];
  return found.value.requests.map(({ request: { id, command } }) => ({
    value: id,
    about: commandWords(command.argv),
  }));
}

/** The goals and tasks that can be named. */
function targets({ recipe, run }: Known): readonly Candidate[] {
  const about = (one: Goal | Task): string =>
    run === undefined
      ? ""
      : render(one.desc ?? "", run.services.vars(recipe, "run" in one ? undefined : one));
  const tasks = [...recipe.tasks.values()].filter(({ internal }) => !internal);
  return [...recipe.goals.values(), ...tasks].map((one) => ({ value: one.name, about: about(one) }));
}

/** What may follow `run` and these words: an argument of the task before, its variables, or another name. */
function wordsOfTasks(words: readonly string[], typed: Typed, known: Known): readonly Candidate[] {
  const { recipe } = known;
  if (words[0]?.startsWith("with") === true) return parts(typed, known);
  let task: Task | undefined;
  let free: readonly Variable[] = [];
  for (const word of words) {
    if (/^[\w-]+=/.test(word)) continue;
    if (free.length > 0) free = free.slice(1);
    else
      [task, free] = [
        recipe.tasks.get(word),
        recipe.tasks.get(word)?.args.filter(({ variadic }) => !variadic) ?? [],
      ];
  }
  const [argument] = free;
  if (argument !== undefined) return argument.choices.map((value) => ({ value }));
  const variables = task?.vars.filter(({ isDeclared }) => isDeclared) ?? [];
  return [
    ...variables.flatMap(({ name, choices, help }) =>
      (choices.length === 0 ? [""] : choices).map((value) => ({ value: `${name}=${value}`, about: help })),
    ),
    ...targets(known),
  ];
}

function flagsFor({ words, given }: Typed, { recipe }: Known): readonly Candidate[] {
  const command: Command | undefined = findCommand(words)?.command;
  const named = words.length === 0 ? ["enter"] : words;
  const tasks = named.flatMap((word) => recipe.goals.get(word)?.run ?? [word]);
  const own = command !== undefined && command.runsTasks !== true;
  const taken: readonly FlagName[] = own ? command.flags : [...runFlags, ...flagsOf(recipe, tasks)];
  return ([...new Set(taken), "help"] as const)
    .filter((name) => !given.has(name) || (flags[name] as Flag).multiple === true)
    .map((name) => ({ value: `--${name}`, about: flags[name].help }));
}

/** The values of a flag, by how its help writes them. */
async function valuesOf(name: FlagName, typed: Typed, known: Known): Promise<readonly Candidate[]> {
  const { value = "" }: Flag = flags[name];
  if (value === "DIR") return [{ value: ":folders" }];
  if (value.endsWith("FILE")) return [{ value: ":files" }];
  if (value === "ENGINE") return ["auto", ...engineNames].map((engine) => ({ value: engine }));
  if (value.startsWith("[=TASK"))
    return [...known.recipe.tasks.values()]
      .filter(({ confirm }) => confirm)
      .map((task) => ({ value: task.name }));
  if (value.startsWith("NAME[,")) return parts(typed, known);
  return value.startsWith("N|") ? copies(known) : [];
}

/** The parts of the vault; in a list with commas, those after the last one. */
function parts({ current }: Typed, { run }: Known): readonly Candidate[] {
  const before = current.slice(0, current.lastIndexOf(",") + 1);
  const names = run?.services.project.config.parts.map(({ name }) => name) ?? [];
  return names.length === 0 ? [] : [...names, rest, "all"].map((name) => ({ value: `${before}${name}` }));
}

/** The numbers of the copies in the history, if the remote is a folder: any other takes too long. */
async function copies({ run }: Known): Promise<readonly Candidate[]> {
  const remote = await run?.services.remote();
  if (remote?.kind !== "file") return [];
  const found = await numberedCopies(remote, AbortSignal.timeout(listMs));
  if (!found.ok) return [];
  return found.value.map(({ number, at }) => ({ value: String(number), about: at.toISOString() }));
}
