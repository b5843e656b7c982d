#!/usr/bin/env node
import { buildOrPullImage, whyOutdated } from "../lib/engine/container.js";
import { containerSpec } from "../lib/project/container-spec.js";
import { ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { fromFailure } from "../lib/run/checks.js";
import { prepareCreate } from "../lib/session/preflight.js";
import {
  makeProjectContainer,
  ownContainer,
  removeContainer,
  removeCopy,
} from "../lib/session/project-container.js";
import { type StepCheck, type StepContext, fails, holds } from "../lib/session/step.js";
import { isRecordedOpen } from "../lib/secrets-folder/open-record.js";

/** Removes the container and creates it from the current settings. */
export async function run(context: StepContext): Promise<Result<string>> {
  const { project } = context;
  const spec = containerSpec(project);
  const state = await ownContainer(context);
  if (!state.ok) return state;
  const engine = await context.engine();
  const ready = await prepareCreate(project, engine);
  if (!ready.ok) return ready;
  // keep the old container until the new image is there
  if (spec.build !== undefined && engine.build !== undefined) {
    const built = await buildOrPullImage(engine, spec, context.report, context.signal);
    if (!built.ok) return built;
  }
  const removed = await removeContainer(context, state.value);
  if (!removed.ok) return removed;
  if (engine.effectiveSpec(spec).workspace !== "copy") {
    const copy = await removeCopy(context, state.value);
    if (!copy.ok) return copy;
  }
  const made = await makeProjectContainer(context, engine, spec);
  return made.ok ? ok(`Container ${spec.name} recreated`) : made;
}

const containerCurrent: StepCheck = async (context) => {
  const { project } = context;
  const state = await context.container();
  if (!state.ok) return fromFailure(state.failure);
  // a container with an open vault is not replaced: that is offered once the vault is locked
  const open = await isRecordedOpen(project.vaultFolder, state.value);
  if (open.ok && open.value)
    return holds("the vault is open in it, so it is kept; its settings count again once it is locked");
  // this run has made it from the image that was here then
  const imageId = context.session.madeContainer ? ok(undefined) : await context.imageId();
  if (!imageId.ok) return fromFailure(imageId.failure);
  const spec = (await context.engine()).effectiveSpec(containerSpec(project));
  const reason = whyOutdated(state.value, spec, imageId.value);
  return reason === undefined ? holds("made from the current settings") : fails(reason);
};

export const checks = { "container-current": containerCurrent };

runWhenMain(import.meta.url);
