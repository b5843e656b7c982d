import { type Result, fail, ok } from "../failure/result.js";
import { displayPath } from "../host/paths.js";
import type { Target } from "../plan/planned-steps.js";
import type { Project } from "../project/project.js";
import type { Recipe } from "../recipe/recipe.js";
import type { Arguments } from "../run/arguments.js";
import { type FlagName, runFlags } from "../run/flags.js";
import type { InitOptions } from "../run/init-options.js";
import { flagsOf } from "../run/task-flags.js";
import type { ProjectRun } from "../session/open-project.js";
import { checkPartNames } from "../session/requested-parts.js";
import { reportFailure } from "../run/report-failure.js";
import { hasVariables } from "../session/vault-variables.js";
import { inProject } from "./in-project.js";
import { knownValues } from "../run/given-values.js";
import { readTarget } from "./target-words.js";

/** A command line of `run` or `plan`: the words that name a target, and the parts after `with` moved to the options. */
interface TargetWords {
  readonly args: Arguments;
  readonly words: readonly string[];
}

/** Runs `work` in the project with the target that the words name, and returns the exit code. */
export async function inTarget(
  given: Arguments,
  words: readonly string[],
  work: (target: Target, run: ProjectRun) => Promise<Result<void>>,
): Promise<number> {
  const read = readWords(given, words);
  if (!read.ok) return reportFailure(read.failure, given.json);
  return inProject(read.value.args, async (run) => {
    const target = await targetOf(read.value, run);
    return target.ok ? work(target.value, run) : target;
  });
}

/** Reads the words after `run`. `with` is the one task that takes words: parts of the vault. Failure: `usage`. */
function readWords(args: Arguments, words: readonly string[]): Result<TargetWords> {
  const [name, ...names] = words;
  if (name !== "with" && name !== "with-in-shell") return ok({ args, words });
  const { options } = args;
  const parts = [...options.parts, ...names.flatMap((list) => list.split(",")).filter((one) => one !== "")];
  if (parts.length > 0 && (options.args.length > 0 || args.dryRun))
    return ok({ args: { ...args, options: { ...options, parts } }, words: [name] });
  return fail({
    kind: "usage",
    message: parts.length === 0 ? "Name at least one part of the vault." : "Give a command after --.",
    hint: "`tazpod run with PART -- CMD`; the parts are named in .tazpod/config.yaml.",
  });
}

/** Returns the target of a command line, after checking all its flags and words. Failures: `usage`, `unknown-name`. */
async function targetOf({ args, words }: TargetWords, run: ProjectRun): Promise<Result<Target>> {
  const { recipe, services } = run;
  const parts = checkPartNames(services.project, args.options.parts);
  const placed = parts.ok ? await withPlacement(words, run) : words;
  const read = readTarget(
    recipe,
    placed.map((word) => (word === "down" && args.options.idle ? "down-idle" : word)),
    args.options.args,
  );
  if (!read.ok) return read;
  const { target, given } = read.value;
  const checks = [
    checkFlags(recipe, target, args),
    checkInit(services.project, args.options.init),
    parts,
    checkVariables(args),
    checkYes(recipe, args),
  ];
  const wrong = checks.find((check) => !check.ok) as Result<never> | undefined;
  if (wrong !== undefined) return wrong;
  services.known = knownValues(given);
  return ok(target);
}

/** Refuses flags that no task of the target takes. */
function checkFlags(recipe: Recipe, target: Target, { given }: Arguments): Result<void> {
  const taken = new Set<FlagName>([...runFlags, ...flagsOf(recipe, target.tasks)]);
  const foreign = [...given].find((flag) => !taken.has(flag));
  if (foreign === undefined) return ok(undefined);
  return fail({
    kind: "usage",
    message: `${target.name} does not take --${foreign}.`,
    hint: `See \`tazpod ${target.name} --help\`.`,
  });
}

function checkVariables({ options }: Arguments): Result<void> {
  if (hasVariables(options) && options.args.length === 0) {
    return fail({
      kind: "usage",
      message: `${options.variables.length > 0 ? "--env" : "--dotenv"} needs a command after --.`,
      hint: "`tazpod run with PART --env NAME=PATH --dotenv PATH -- CMD`",
    });
  }
  return ok(undefined);
}

function checkYes(recipe: Recipe, { options: { yes } }: Arguments): Result<void> {
  const unknown = yes === "all" ? undefined : [...yes].find((name) => !recipe.tasks.has(name));
  if (unknown === undefined) return ok(undefined);
  return fail({ kind: "unknown-name", what: "task", name: unknown, known: [...recipe.tasks.keys()] });
}

/** Refuses flags for `init` in a project that exists: they would change nothing. */
function checkInit({ initialised, configFile }: Project, init: InitOptions): Result<void> {
  const [name] = Object.keys(init);
  if (name === undefined || !initialised) return ok(undefined);
  const flag = name !== "devcontainer" ? name : init.devcontainer ? "from-devcontainer" : "no-devcontainer";
  return fail({
    kind: "usage",
    message: `--${flag} is only for a new project, and this one exists.`,
    hint: `Change ${displayPath(configFile)} instead.`,
  });
}

/**
 * Decides where `with` runs its command: in a container of its own if the engine can isolate one; otherwise, or with
 * --in-shell, in the shell's container. Returns other words unchanged.
 */
async function withPlacement(words: readonly string[], { services }: ProjectRun): Promise<readonly string[]> {
  const [name, ...rest] = words;
  if (name !== "with") return words;
  const { options, project, terminal } = services;
  const inShell = ["with-in-shell", ...rest];
  if (options.inShell || !project.initialised) return inShell;
  const { engine, failure } = await services.chosen();
  const why =
    engine.runHelper === undefined && failure === undefined
      ? `the engine ${engine.name} does not isolate it`
      : project.config.workspace === "copy"
        ? "`workspace: copy` has one copy of the project"
        : undefined;
  if (why === undefined) return words;
  terminal.warn(
    `The command has no container of its own (${why}): while it runs, other programs in the shell's container can read ${options.parts.join(", ")}.`,
  );
  return inShell;
}
