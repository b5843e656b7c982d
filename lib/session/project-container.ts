import { createAndStart, foreignContainer } from "../engine/container.js";
import type { ContainerSpec, ContainerState, Engine } from "../engine/engine.js";
import { type Result, fail, ok } from "../failure/result.js";
import { withProjectLock } from "../project/project-lock.js";
import { containerStart, isRecordedOpen } from "../secrets-folder/open-record.js";
import { readOpenState } from "../secrets-folder/open-state.js";
import type { StepContext } from "./step.js";
import { type EngineSelection, forgetRecordedEngine, recordEngine } from "../engine/choose-engine.js";
import { forgetBase } from "../workspace/sync-base.js";
import { explain } from "../failure/explain.js";

/** Returns the state of the project's container. Failure: `container-foreign` if another project owns its name. */
export async function ownContainer(context: StepContext): Promise<Result<ContainerState>> {
  const { root, config } = context.project;
  const state = await context.container();
  if (!state.ok) return state;
  const { name } = await context.engine();
  const refusal = foreignContainer(state.value, { name: config.containerName, project: root }, name);
  return refusal ? fail(refusal) : state;
}

/** Creates and starts the project's container, and records its engine. Failures: those of `createAndStart`. */
export async function makeProjectContainer(
  { project, session, report, signal }: StepContext,
  engine: Engine,
  spec: ContainerSpec,
): Promise<Result<void>> {
  const noted = await recordEngine(project.vaultFolder, engine.name);
  if (!noted.ok) return noted;
  const made = await createAndStart(engine, spec, report, signal);
  session.madeContainer = made.ok;
  if (!made.ok && made.failure.kind !== "changed-meanwhile") await forgetRecordedEngine(project.vaultFolder);
  return made;
}

/**
 * Removes the project's container, which was in this state when the step began. Failures: `changed-meanwhile` if another
 * tazpod has opened the vault in it since that was checked, or has made or started it again, and those of the engine.
 */
export function removeContainer(context: StepContext, state: ContainerState): Promise<Result<void>> {
  const { config, vaultFolder } = context.project;
  return withProjectLock(vaultFolder, context.signal, async () => {
    const engine = await context.engine();
    const here = await engine.inspect(config.containerName);
    if (!here.ok) return here;
    if (here.value.state === "absent") return ok(undefined);
    if (here.value.state === "running" && containerStart(here.value) !== containerStart(state))
      return fail({ kind: "changed-meanwhile", detail: "Another tazpod has started the container again" });
    const recorded = await isRecordedOpen(vaultFolder, here.value);
    if (!recorded.ok) return recorded;
    // a vault that was closed from inside is still recorded as open
    const secrets = recorded.value && here.value.state === "running" ? await context.secrets() : undefined;
    if (secrets?.ok === false) return secrets;
    const found = secrets === undefined ? undefined : await readOpenState(secrets.value);
    if (found?.ok === false) return found;
    if (found !== undefined && found.value !== "closed")
      return fail({ kind: "changed-meanwhile", detail: "The vault was opened here in the meantime" });
    return engine.remove(config.containerName);
  });
}

/** Removes the workspace volume of a removed container, if it was synced in this run. */
export async function removeCopy(context: StepContext, state: ContainerState): Promise<Result<void>> {
  const { project, session } = context;
  if (
    state.state === "absent" ||
    state.workspace === undefined ||
    state.workspace !== session.workspace.unchangedVolume
  )
    return ok(undefined);
  const { config, root, vaultFolder } = project;
  const engine = await context.engine();
  const removed = await engine.removeCopy({ name: config.containerName, project: root });
  return removed.ok ? forgetBase(vaultFolder) : removed;
}

/**
 * Returns notes for the user when a container is created or started: why engines that come first were not used, and
 * what this one does not isolate. Empty for Docker and podman if they are the first choice.
 */
export function engineNotes(
  { engine, unavailable }: EngineSelection,
  spec: ContainerSpec,
  isNew: boolean,
): string[] {
  const why = isNew ? unavailable.map(({ name, failure }) => `  ${name}: ${explain(failure).message}`) : [];
  // the process engine isolates nothing, and says so at each start
  const shared = isNew || engine.name === "process" ? engine.sharedWithHost(spec) : [];
  const how = shared.map((what) => `  - ${what}`);
  return [
    ...(why.length === 0 ? [] : [`${spec.name} uses the engine ${engine.name}, because:`, ...why]),
    ...(how.length === 0 ? [] : [`With the engine ${engine.name}:`, ...how]),
  ];
}
