import { packageText } from "../host/installation.js";
import { exitIfInterrupted, exitSoon } from "../host/end-signals.js";
import { exitCodeAfterOutput, printNote, printResult } from "../host/screen.js";
import type { Failure } from "../failure/failure.js";
import { type Arguments, parseArguments } from "../run/arguments.js";
import type { FlagName } from "../run/flags.js";
import { reportFailure } from "../run/report-failure.js";
import { nearest } from "../document/nearest.js";
import { actions } from "./actions.js";
import { type Command, commands, findCommand } from "./commands.js";

/**
 * Runs one command line and returns the exit code; exits itself when interrupted. Never throws: a bug is reported here,
 * with where to send the report.
 */
export async function main(argv: readonly string[]): Promise<number> {
  // what ends before its work is done has not succeeded
  process.exitCode = 1;
  try {
    return exitSoon(await exitCodeAfterOutput(await exitIfInterrupted(await dispatch(argv))));
  } catch (error) {
    printNote("This is a bug in tazpod. Please report it at the project's issue tracker, with this text:");
    printNote(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exitSoon(1);
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  // called by the shells; what follows is being typed
  if (argv[0] === "__complete") return (await import("./complete.js")).complete(argv.slice(1));
  const parsed = parseArguments(argv);
  if (!parsed.ok) return reportFailure(parsed.failure, argv.includes("--json"));
  const { words, help, version, dryRun, json } = parsed.value;
  if (version) return print(await versionText());
  if (help) return (await actions.help())(parsed.value, words);
  // a word that is no command is a goal or a task
  const found = findCommand(words) ?? findCommand(["run", ...(words.length === 0 ? ["enter"] : words)]);
  if (found === undefined) throw new Error("the command table has no `run`");
  const wrong = groupFailure(words) ?? refusal(found.command, found.rest, parsed.value);
  if (wrong) return reportFailure(wrong, json);
  const action = await actions[dryRun && found.command.name === "run" ? "plan" : found.command.name]();
  return action(parsed.value, found.rest);
}

/** Returns the failure for a first word of a command, such as `vault`, without a valid second one. */
function groupFailure([group, name]: readonly string[]): Failure | undefined {
  const all: readonly string[] = commands.map((one) => one.name);
  const members = all.filter((one) => one.startsWith(`${group} `));
  if (members.length === 0 || members.includes(`${group} ${name}`)) return undefined;
  const known = members.map((member) => member.slice(`${group} `.length));
  if (name === undefined)
    return {
      kind: "usage",
      message: `\`tazpod ${group}\` needs one of: ${known.join(", ")}.`,
      hint: `\`tazpod ${group} ${known[0]} --help\` explains one of them.`,
    };
  const close = nearest(name, known);
  const guess = close === undefined ? { known } : { nearest: close };
  return { kind: "unknown-name", what: `${group} command`, name, ...guess };
}

/**
 * Returns why a command does not accept these words and flags, or undefined. Flags of tasks are checked with the
 * recipe.
 */
function refusal(
  { name, words, flags, runsTasks }: Command,
  rest: readonly string[],
  { given, options }: Arguments,
): Failure | undefined {
  const hint = `See \`tazpod ${name} --help\`.`;
  if (runsTasks) return undefined;
  // the name of a command may be two words
  const named = name === "help" ? findCommand(rest)?.command.name.split(" ").length : undefined;
  const takes = words === "" ? 0 : (named ?? 1);
  const extra = rest[takes];
  if (extra !== undefined) return { kind: "usage", message: `Unexpected argument "${extra}".`, hint };
  if (rest.length === 0 && words !== "" && !words.startsWith("["))
    return { kind: "usage", message: `\`tazpod ${name}\` needs ${words}.`, hint };
  if (options.args.length > 0)
    return { kind: "usage", message: `\`tazpod ${name}\` takes no command after --.`, hint };
  const foreign = [...given].find((flag) => !(flags as readonly FlagName[]).includes(flag));
  if (foreign === undefined) return undefined;
  return { kind: "usage", message: `\`tazpod ${name}\` does not take --${foreign}.`, hint };
}

async function versionText(): Promise<string> {
  return (JSON.parse(await packageText("package.json")) as { version: string }).version;
}

function print(text: string): number {
  printResult(text);
  return 0;
}
