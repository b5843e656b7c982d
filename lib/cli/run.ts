import { ok } from "../failure/result.js";
import { printJson } from "../host/screen.js";
import type { Arguments } from "../run/arguments.js";
import { reportFailure } from "../run/report-failure.js";
import { runTarget } from "../run/run-target.js";
import { preload } from "../run/scripts.js";
import { inProject } from "./in-project.js";
import { readWords, targetOf } from "./target.js";

/** `tazpod run NAME`. */
export async function runCommand(given: Arguments, words: readonly string[]): Promise<number> {
  const read = readWords(given, words);
  if (!read.ok) return reportFailure(read.failure, given.json);
  const { args } = read.value;
  return inProject(args, async (run) => {
    const { recipe, services } = run;
    const target = await targetOf(read.value, run);
    if (!target.ok) return target;
    preload(recipe, target.value.tasks, () => services.project.initialised && services.container());
    const outcome = await runTarget(target.value, run);
    if (!outcome.ok) return outcome;
    if (args.json) printJson({ outcome: "done", exitCode: 0, target: target.value.name });
    return ok(0);
  });
}
