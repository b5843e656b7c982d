import { printJson } from "../host/screen.js";
import type { Arguments } from "../run/arguments.js";
import { runTarget } from "../run/run-target.js";
import { preload } from "../run/scripts.js";
import { inTarget } from "./target.js";

/** `tazpod run NAME`. */
export function runCommand(args: Arguments, words: readonly string[]): Promise<number> {
  return inTarget(args, words, async (target, run) => {
    const { recipe, services } = run;
    preload(recipe, target.tasks, () => services.project.initialised && services.container());
    const outcome = await runTarget(target, run);
    if (outcome.ok && args.json) printJson({ outcome: "done", exitCode: 0, target: target.name });
    return outcome;
  });
}
