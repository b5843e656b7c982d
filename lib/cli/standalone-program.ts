import { runInThisContext } from "node:vm";
import { providingProgram } from "../host/provide-modules.js";
import { evaluateWord, loadZxProgram, zxWord } from "../host/standalone-installation.js";

// What standalone.ts starts: everything but --help.
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

/** zx's own program, which runs when it is loaded with its file's name as the second argument. First comes what it may import. */
async function runZx([modules = "", ...args]: readonly string[]): Promise<void> {
  runInThisContext(providingProgram(modules));
  process.argv = [process.execPath, process.execPath, ...args];
  await loadZxProgram();
}
