#!/usr/bin/env node
import { listNames } from "../lib/host/human.js";
import type { ContainerState } from "../lib/engine/engine.js";
import { containerSpec } from "../lib/project/container-spec.js";
import type { Project } from "../lib/project/project.js";
import { withProjectLock } from "../lib/project/project-lock.js";
import { ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { fromFailure } from "../lib/run/checks.js";
import { hasBase } from "../lib/workspace/sync-base.js";
import { syncNotes, syncSentence, syncWorkspace } from "../lib/workspace/sync.js";
import { fails, holds, type StepCheck, type StepContext, type CheckResult } from "../lib/session/step.js";

/** Syncs the project with its copy in the container; does nothing if the project is mounted. */
export async function run(context: StepContext): Promise<Result<string | undefined>> {
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
  session.workspace.isUsedByTask = false;
  session.workspace.notSynced = carried.value.notSynced;
  for (const line of syncNotes(carried.value)) terminal.print(line);
  return ok(syncSentence(carried.value));
}

/** Stands for a volume in a container that still mounts the project although the settings have changed. */
const mountedVolume = "mounted";

const syncedVolumeOf = (state: ContainerState, { root }: Project): string | undefined =>
  state.state === "absent" || state.owner !== root ? undefined : state.workspace;

const workspace: StepCheck = async (context) => {
  const { project } = context;
  const state = await context.container();
  if (!state.ok) return fromFailure(state.failure);
  const volume = syncedVolumeOf(state.value, project);
  const spec = (await context.engine()).effectiveSpec(containerSpec(project));
  // a container that is about to be made again will have a volume then
  if (volume === undefined && spec.workspace !== "copy") return mounted;
  if (volume === undefined && context.session.workspace.syncedVolume === mountedVolume) return mounted;
  return isSynced(context.session.workspace.syncedVolume, volume);
};

const returned: StepCheck = async (context) => {
  const { project, session, options } = context;
  // this case needs no answer of the engine
  if (project.config.workspace === "mount" && !(await hasBase(project.vaultFolder))) return mounted;
  const state = await context.container();
  if (!state.ok) return fromFailure(state.failure);
  const { containerName: name } = project.config;
  const volume = syncedVolumeOf(state.value, project);
  if (volume === undefined)
    return state.value.state === "absent" ? holds(`container ${name} does not exist`) : mounted;
  if (session.vault.isLeaving && state.value.state !== "running")
    return holds(`container ${name} does not run: its changes are synced at the next enter`);
  const { notSynced } = session.workspace;
  const carried = isSynced(session.workspace.unchangedVolume, volume);
  if (carried.state !== "true" || notSynced.length === 0 || session.vault.isLeaving || options.force)
    return carried;
  const names = listNames(notSynced, 5);
  return fails(`only the container has ${names}; --force drops them`);
};

const mounted = holds("the project is mounted");

function isSynced(synced: string | undefined, volume: string | undefined): CheckResult {
  return synced === volume && volume !== undefined
    ? holds("it was just synced")
    : fails("the container has a copy of the project that has to be synced");
}

export const checks = { workspace, "workspace-returned": returned };

runWhenMain(import.meta.url);
