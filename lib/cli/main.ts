import { packageText } from "../host/installation.js";
import { printNote, printResult } from "../host/screen.js";
import { fail, ok, type Result } from "../failure/result.js";
import { parseArguments, type Arguments } from "../run/arguments.js";
import { reportFailure } from "../run/report.js";
import { describeCommand } from "./describe.js";
import { helpText } from "./help.js";
import { listCommand } from "./list.js";
import { planCommand } from "./plan.js";
import { runCommand } from "./run.js";

/** Runs one command line to its end and returns the exit code. Never throws: a bug ends here and says where to report it. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    printNote("This is a bug in tazpod. Please report it at the project's issue tracker, with this text:");
    printNote(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 1;
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv);
  if (!parsed.ok) return reportFailure(parsed.failure, argv.includes("--json"));
  const [command, ...rest] = parsed.value.words;
  if (parsed.value.version) return print(await version());
  if (parsed.value.help || command === "help")
    return help(parsed.value, command === "help" ? rest[0] : command);
  switch (command) {
    case "plan":
      return planCommand(parsed.value, rest);
    case "list":
      return listCommand(parsed.value, rest);
    case "status":
      return (await import("./status.js")).statusCommand(parsed.value, rest);
    case "doctor":
      return (await import("./doctor/doctor.js")).doctorCommand(parsed.value, rest);
    case "history":
      return (await import("./history.js")).historyCommand(parsed.value, rest);
    case "vault":
      return (await import("./vault/vault.js")).vaultCommand(parsed.value, rest);
    case "trust":
      return (await import("./trust.js")).trustCommand(parsed.value, rest);
    case "run":
      return runOrPlan(parsed.value, rest);
    case undefined:
      return runOrPlan(parsed.value, ["enter"]);
    default:
      return runOrPlan(parsed.value, [command, ...rest]);
  }
}

async function runOrPlan(given: Arguments, [name, ...more]: readonly string[]): Promise<number> {
  const takesParts = name === "with" || name === "with-in-shell";
  const read = takesParts ? withParts(given, more) : ok(given);
  if (!read.ok) return reportFailure(read.failure, given.json);
  const words = name === undefined ? [] : [name, ...(takesParts ? [] : more)];
  return given.dryRun ? planCommand(read.value, words) : runCommand(read.value, words);
}

/** `with` is the one task that is given words: the parts of the vault that its command is to have. */
function withParts(args: Arguments, names: readonly string[]): Result<Arguments> {
  const { options } = args;
  const parts = [...options.parts, ...names.flatMap((list) => list.split(",")).filter((one) => one !== "")];
  if (parts.length > 0 && (options.args.length > 0 || args.dryRun))
    return ok({ ...args, options: { ...options, parts } });
  return fail({
    kind: "usage",
    message: parts.length === 0 ? "With which parts of the vault?" : "With them, which command?",
    hint: "`tazpod run with PART -- CMD`; the parts are named in .tazpod/config.yaml.",
  });
}

/** A task's own summary where the word is a task; else the text of the command. */
async function help(args: Arguments, word: string | undefined): Promise<number> {
  const text = helpText(word);
  if (word === undefined || text !== helpText()) return print(text);
  return describeCommand(args, word);
}

async function version(): Promise<string> {
  return (JSON.parse(await packageText("package.json")) as { version: string }).version;
}

function print(text: string): number {
  printResult(text.trimEnd());
  return 0;
}
