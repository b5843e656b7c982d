import type { ContainerState } from "../engine/engine.js";
import { ok, type Result } from "../failure/result.js";
import { forgetBase } from "../workspace/sync-base.js";
import type { StepContext } from "./step.js";

/** Removes the copy of the project that a container had which is gone, if what was in it came back in this run. */
export async function removeCopy(context: StepContext, state: ContainerState): Promise<Result<void>> {
  const { project, session } = context;
  if (
    state.state === "absent" ||
    state.workspace === undefined ||
    state.workspace !== session.workspace.syncedVolume
  )
    return ok(undefined);
  const { config, root, vaultFolder } = project;
  const engine = await context.engine();
  const removed = await engine.removeCopy({ name: config.containerName, project: root });
  return removed.ok ? forgetBase(vaultFolder) : removed;
}
