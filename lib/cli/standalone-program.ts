import { runInThisContext } from "node:vm";
import { providingProgram } from "../host/provide-modules.js";
import { evaluateWord, loadZxProgram, zxWord } from "../host/standalone-installation.js";

// Started by standalone.ts for everything but --help.
const argv = process.argv.slice(2);
if (argv[0] === evaluateWord) evaluate(argv[1] ?? "", argv.slice(2));
else if (argv[0] === zxWord) void runZx(argv.slice(1));
else void load(argv).then((code) => (process.exitCode = code));

async function load(args: readonly string[]): Promise<number> {
  if (args.join(" ") === "status --short") return (await import("./status-short.js")).shortStatus();
  return (await import("./main.js")).main(args);
}

function evaluate(program: string, args: readonly string[]): void {
  process.argv = [process.execPath, ...args];
  runInThisContext(program);
}

/**
 * Runs zx's own program, which starts on import and takes its script from the second argument. `modules` is loaded
 * first.
 */
async function runZx([modules = "", ...args]: readonly string[]): Promise<void> {
  runInThisContext(providingProgram(modules));
  process.argv = [process.execPath, process.execPath, ...args];
  await loadZxProgram();
}
