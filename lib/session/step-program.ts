import { fileURLToPath } from "node:url";
import { argumentsAsMain } from "../host/main-script.js";

/**
 * Lets a step script run by itself: `node dist/bin/tasks/pull.js`, or by zx. Does nothing when the script was imported.
 * Unlike `tazpod run`, it only checks what the step needs. It returns at once: the run imports the script a second
 * time, and must not wait for a module that waits for it.
 */
export function runWhenMain(url: string): void {
  const file = fileURLToPath(url);
  const argv = argumentsAsMain(file);
  if (argv === undefined) return;
  void import("./run-step-program.js").then(
    async ({ runStepProgram }) => (process.exitCode = await runStepProgram(file, argv)),
  );
}
