#!/usr/bin/env node
import { forgetOpen } from "../lib/secrets-folder/open-record.js";
import { foreignContainer } from "../lib/engine/container.js";
import { forgetRecordedEngine } from "../lib/engine/choose-engine.js";
import { type Result, ok } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { fromFailure } from "../lib/run/checks.js";
import { ownContainer, removeContainer, removeCopy } from "../lib/session/project-container.js";
import { type StepCheck, type StepContext, fails, holds } from "../lib/session/step.js";

/** Stops and removes the project's own container, and with it its copy of the project. */
export async function run(context: StepContext): Promise<Result<string>> {
  const { config, vaultFolder } = context.project;
  const { containerName: name } = config;
  const state = await ownContainer(context);
  if (!state.ok) return state;
  const engine = await context.engine();
  if (state.value.state === "absent") {
    const removed = await engine.removeLeftovers?.({ name, project: context.project.root });
    return removed?.ok === false ? removed : ok(`There is no container ${name}`);
  }
  const removed = await removeContainer(context, state.value);
  if (!removed.ok) return removed;
  const forgotten = await forgetOpen(vaultFolder);
  if (!forgotten.ok) return forgotten;
  const copy = await removeCopy(context, state.value);
  if (!copy.ok) return copy;
  const engineForgotten = await forgetRecordedEngine(vaultFolder);
  return engineForgotten.ok ? ok(`Container ${name} removed`) : engineForgotten;
}

const containerGone: StepCheck = async (context) => {
  const { containerName: name } = context.project.config;
  const state = await context.container();
  if (!state.ok) return fromFailure(state.failure);
  const engine = await context.engine();
  const ours = !foreignContainer(state.value, { name, project: context.project.root }, engine.name);
  return state.value.state === "absent" || !ours
    ? holds(`container ${name} does not exist`)
    : fails(`container ${name} exists`);
};

export const checks = { "container-gone": containerGone };

runWhenMain(import.meta.url);
