import { parseArguments, type Arguments } from "../run/arguments.js";
import { helpText } from "./help.js";

/** Runs one command line to its end and returns the exit code. Never throws: a bug ends here and says where to report it. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    process.stderr.write(
      `This is a bug in tazpod. Please report it at the project's issue tracker, with this text:\n`,
    );
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const parsed = await parseArguments(argv);
  if (!parsed.ok)
    return (await import("../run/report.js")).reportFailure(parsed.failure, argv.includes("--json"));
  const [command, ...rest] = parsed.value.words;
  if (parsed.value.version) return print(`${await version()}\n`);
  if (parsed.value.help || command === "help")
    return help(parsed.value, command === "help" ? rest[0] : command);
  switch (command) {
    case "plan":
      return (await import("./plan.js")).planCommand(parsed.value, rest);
    case "list":
      return (await import("./list.js")).listCommand(parsed.value, rest);
    case "status":
      return (await import("./status.js")).statusCommand(parsed.value, rest);
    case "run":
      return runOrPlan(parsed.value, rest);
    case undefined:
      return runOrPlan(parsed.value, ["enter"]);
    default:
      return runOrPlan(parsed.value, [command, ...rest]);
  }
}

async function runOrPlan(args: Arguments, words: readonly string[]): Promise<number> {
  if (args.dryRun) return (await import("./plan.js")).planCommand(args, words);
  return (await import("./run.js")).runCommand(args, words);
}

/** A task's own summary where the word is a task; else the text of the command. */
async function help(args: Arguments, word: string | undefined): Promise<number> {
  const text = helpText(word);
  if (word === undefined || text !== helpText()) return print(text);
  return (await import("./describe.js")).describeCommand(args, word);
}

async function version(): Promise<string> {
  const [{ readText }, { packageRoot }] = await Promise.all([
    import("../host/files.js"),
    import("../host/package-root.js"),
  ]);
  const text = await readText(`${packageRoot}/package.json`);
  if (!text.ok || text.value === undefined) throw new Error("the package has no package.json");
  return (JSON.parse(text.value) as { version: string }).version;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
