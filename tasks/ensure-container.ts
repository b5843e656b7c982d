#!/usr/bin/env node
import { hasOpenRecord } from "../lib/secrets-folder/open-record.js";
import { runsOnThisHost } from "../lib/engine/choose-engine.js";
import { foreignContainer, startContainer } from "../lib/engine/container.js";
import { explain } from "../lib/failure/explain.js";
import { containerSpec } from "../lib/project/container-spec.js";
import type { Failure } from "../lib/failure/failure.js";
import { type Result, fail, ok } from "../lib/failure/result.js";
import { engineNotes, makeProjectContainer, ownContainer } from "../lib/session/project-container.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { fromFailure } from "../lib/run/checks.js";
import { prepareCreate, prepareStart, unwritableNote } from "../lib/session/preflight.js";
import { type StepCheck, type StepContext, fails, holds } from "../lib/session/step.js";

/** Creates and starts the project's container. A container of another project is refused. */
export async function run(context: StepContext): Promise<Result<string>> {
  const { project } = context;
  if (!project.config.ghostMode) return fail({ kind: "ghost-mode-off" });
  const spec = containerSpec(project);
  const state = await ownContainer(context);
  if (!state.ok) return state;
  const chosen = await context.chosen();
  if (state.value.state === "running") return ok(`Container ${spec.name} is running`);
  const isNew = state.value.state === "absent";
  const ready = await (isNew ? prepareCreate(project, chosen.engine) : prepareStart(project));
  if (!ready.ok) return ready;
  if (state.value.state === "absent" && state.value.ended !== undefined)
    context.terminal.print(`The last container has ended: ${state.value.ended}`);
  for (const line of engineNotes(chosen, spec, isNew)) context.terminal.print(line);
  const unwritable = isNew ? unwritableNote(project, chosen.engine) : undefined;
  if (unwritable !== undefined) context.terminal.print(`${unwritable.reason}.\n  ${unwritable.todo}`);
  const started = await (isNew
    ? makeProjectContainer(context, chosen.engine, spec)
    : startContainer(chosen.engine, spec, context));
  return started.ok ? ok(`Container ${spec.name} ${isNew ? "created" : "started"}`) : started;
}

const container: StepCheck = async (context) => {
  const { containerName: name } = context.project.config;
  const state = await context.container();
  if (!state.ok) {
    return (await isAbsent(context, state.failure))
      ? fails(explain(state.failure).message)
      : fromFailure(state.failure);
  }
  const { name: engineName } = await context.engine();
  const refusal = foreignContainer(state.value, containerSpec(context.project), engineName);
  if (refusal) return fails(explain(refusal).message);
  return state.value.state === "running"
    ? holds(`container ${name} is running`)
    : fails(`container ${name} is ${state.value.state}`);
};

/** Without an engine there is no container, unless the vault was open in one when last seen. */
async function isAbsent({ project }: StepContext, failure: Failure): Promise<boolean> {
  const isMissing =
    failure.kind === "no-engine" || (failure.kind === "engine-unavailable" && failure.why === "missing");
  return isMissing && !(await hasOpenRecord(project.vaultFolder));
}

const engine: StepCheck = async (context) => {
  const { engine: chosen } = await context.chosen();
  // an engine that tells the state of a container works; one of this host only reads that from a file
  if (!runsOnThisHost(chosen.name) && (await context.container()).ok) return holds("it answers");
  const version = await chosen.version();
  if (version.ok) return holds(`version ${version.value}`);
  const { message, hint } = explain(version.failure);
  return fails(message, hint);
};

export const checks = { container, engine };

runWhenMain(import.meta.url);
