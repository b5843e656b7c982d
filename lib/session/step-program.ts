import { fileURLToPath } from "node:url";
import { argumentsAsMain } from "../host/main-script.js";

/**
 * Lets a step script run by itself: `node dist/bin/tasks/pull.js`, or by zx. Does nothing when the script was imported.
 * It returns at once: the run imports the script a second time, and must not wait for a module that waits for it. In a
 * bundle, where a script has no URL of its own, dist/bin/tasks calls `runAsMain`.
 */
export function runWhenMain(url: string | undefined): void {
  if (url !== undefined) void runAsMain(fileURLToPath(url));
}

/**
 * Runs a built-in step as a program, if node or zx was started with its file. Unlike `tazpod run`, it only checks what
 * the step needs.
 */
export async function runAsMain(file: string): Promise<void> {
  const argv = argumentsAsMain(file);
  if (argv === undefined) return;
  const { runStepProgram } = await import("./run-step-program.js");
  process.exitCode = await runStepProgram(file, argv);
}
