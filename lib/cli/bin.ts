#!/usr/bin/env node
import { canStart, keepCompiledCode } from "../host/start.js";
import { exitCodeAfterOutput, printHelp } from "../host/screen.js";
import { codeName } from "./commands.js";
import { generalHelp } from "./help.js";

// `--help` loads nothing else, and neither does a Node that is too old (lib/host/start.ts).
const argv = process.argv.slice(2);
if (canStart()) void load(argv).then((code) => (process.exitCode = code));

async function load(args: readonly string[]): Promise<number> {
  if (args.length === 1 && ["--help", "-h", "help"].includes(args[0] ?? "")) {
    printHelp(generalHelp());
    return exitCodeAfterOutput(0);
  }
  keepCompiledCode();
  // a shell prompt waits for this command each time
  if (args.join(" ") === "status --short") return (await import("./status-short.js")).shortStatus();
  return (await import("./load-program.js")).loadProgram(codeName(args)).main(args);
}
