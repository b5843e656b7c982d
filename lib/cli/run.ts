import { ok } from "../failure/result.js";
import { printJson } from "../host/screen.js";
import type { Arguments } from "../run/arguments.js";
import { runTarget } from "../run/run-target.js";
import { isRecordedOpen } from "../secrets-folder/open-record.js";
import { isInUse } from "../project/sessions.js";
import type { ProjectRun } from "../session/open-project.js";
import { preload } from "../run/scripts.js";
import { inTarget } from "./target.js";

/** `tazpod run NAME`. */
export function runCommand(args: Arguments, words: readonly string[]): Promise<number> {
  return inTarget(args, words, async (target, run) => {
    const { recipe, services } = run;
    preload(recipe, target.tasks, () => services.project.initialised && services.container());
    const outcome = await runTarget(target, run);
    if (!outcome.ok) await tellOpen(run);
    if (outcome.ok && args.json) printJson({ outcome: "done", exitCode: 0, target: target.name });
    return outcome;
  });
}

/** After a failure: tells that this run leaves the vault open, and how to close it. */
async function tellOpen({ services }: ProjectRun): Promise<void> {
  const { vaultFolder, config } = services.project;
  if (!services.project.initialised) return;
  const state = await services.container();
  const open = state.ok ? await isRecordedOpen(vaultFolder, state.value) : ok(false);
  if (!open.ok || !open.value || (await isInUse(vaultFolder))) return;
  services.terminal.warn(
    `! The vault is still open in container ${config.containerName}. \`tazpod lock\` saves and locks it.`,
  );
}
