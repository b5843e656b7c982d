#!/usr/bin/env node
import type { ContainerState } from "../lib/engine/engine.js";
import { containerSpec } from "../lib/project/container-spec.js";
import type { Project } from "../lib/project/project.js";
import { withProjectLock } from "../lib/project/project-lock.js";
import { ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { fromFailure } from "../lib/run/checks.js";
import { hasBase } from "../lib/workspace/sync-base.js";
import { syncWorkspace, syncReport } from "../lib/workspace/sync.js";
import { fails, holds, type StepCheck, type StepContext, type CheckResult } from "../lib/session/step.js";

/** Makes the project and the container's copy of it alike; nothing where the project is mounted. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project, session, signal, terminal } = context;
  const state = await context.container();
  if (!state.ok) return state;
  const volume = syncedVolumeOf(state.value, project);
  if (volume === undefined) {
    session.workspace.syncedVolume = mountedVolume;
    return ok(undefined);
  }
  const { containerName: container, user } = project.config;
  const inside = { engine: await context.engine(), container, user };
  const { root, vaultFolder } = project;
  const carried = await withProjectLock(
    vaultFolder,
    signal,
    () => syncWorkspace({ inside, volume, root, vaultFolder }, signal),
    "workspace",
  );
  if (!carried.ok) return carried;
  session.workspace.syncedVolume = volume;
  session.workspace.notSynced = carried.value.notSynced;
  for (const line of syncReport(carried.value)) terminal.print(line);
  return ok(undefined);
}

/** In place of a volume, of a container that keeps the project mounted though the settings say otherwise by now. */
const mountedVolume = "mounted";

const syncedVolumeOf = (state: ContainerState, { root }: Project): string | undefined =>
  state.state === "absent" || state.owner !== root ? undefined : state.workspace;

const workspace: StepCheck = async (context) => {
  const { project } = context;
  const state = await context.container();
  if (!state.ok) return fromFailure(state.failure);
  const volume = syncedVolumeOf(state.value, project);
  const spec = (await context.engine()).effectiveSpec(containerSpec(project));
  // one that is about to be made again from other settings has another place for it then
  if (volume === undefined && spec.workspace !== "copy") return mounted;
  if (volume === undefined && context.session.workspace.syncedVolume === mountedVolume) return mounted;
  return isSynced(context, volume);
};

const returned: StepCheck = async (context) => {
  const { project, session, options } = context;
  // the engine is not asked for that
  if (project.config.workspace === "mount" && !(await hasBase(project.vaultFolder))) return mounted;
  const state = await context.container();
  if (!state.ok) return fromFailure(state.failure);
  const { containerName: name } = project.config;
  const volume = syncedVolumeOf(state.value, project);
  if (volume === undefined)
    return state.value.state === "absent" ? holds(`container ${name} is not there`) : mounted;
  if (session.vault.isLeaving && state.value.state !== "running")
    return holds(`container ${name} does not run: what is in it comes back with the next enter`);
  const { notSynced } = session.workspace;
  const carried = isSynced(context, volume);
  if (carried.state !== "true" || notSynced.length === 0 || session.vault.isLeaving || options.force)
    return carried;
  const names =
    notSynced.slice(0, 5).join(", ") + (notSynced.length > 5 ? ` and ${notSynced.length - 5} more` : "");
  return fails(`only the container has ${names}; --force gives that up`);
};

const mounted = holds("the project is mounted");

function isSynced({ session }: StepContext, volume: string | undefined): CheckResult {
  return session.workspace.syncedVolume === volume && volume !== undefined
    ? holds("it was carried just now")
    : fails("the container has a copy of the project, which is to be made like it");
}

export const checks = { workspace, "workspace-returned": returned };

runWhenMain(import.meta.url);
