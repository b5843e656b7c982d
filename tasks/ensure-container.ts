#!/usr/bin/env node
import { foreign } from "../lib/engine/judge.js";
import { makeContainer, startContainer } from "../lib/engine/make.js";
import { explain } from "../lib/explain.js";
import { containerSpec } from "../lib/project/container-spec.js";
import { fail, ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { cannotTell } from "../lib/run/checks.js";
import { readyToMake, readyToStart } from "../lib/run/host-ready.js";
import { ownContainer } from "../lib/run/own-container.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/run/step.js";

/** Makes and starts the project's container, or starts it; somebody else's is refused. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project, report, signal } = context;
  if (!project.config.ghostMode) return fail({ kind: "ghost-mode-off" });
  const spec = containerSpec(project);
  const state = await ownContainer(context);
  if (!state.ok) return state;
  const engine = await context.engine();
  if (state.value.state === "running") return ok(undefined);
  const isNew = state.value.state === "absent";
  const ready = await (isNew ? readyToMake(project) : readyToStart(project));
  if (!ready.ok) return ready;
  return isNew ? makeContainer(engine, spec, report, signal) : startContainer(engine, spec.name);
}

const container: StepCheck = async (context) => {
  const { containerName: name } = context.project.config;
  const state = await context.container();
  // without the program there is no container either: that much is certain
  if (!state.ok && state.failure.kind === "engine-unavailable" && state.failure.why === "missing") {
    return fails(explain(state.failure).message);
  }
  if (!state.ok) return cannotTell(state.failure);
  const refusal = foreign(state.value, containerSpec(context.project));
  if (refusal) return fails(explain(refusal).message);
  return state.value.state === "running"
    ? holds(`container ${name} runs`)
    : fails(`container ${name} is ${state.value.state}`);
};

const engine: StepCheck = async (context) => {
  const version = await (await context.engine()).version();
  if (version.ok) return holds(`version ${version.value}`);
  const { message, hint } = explain(version.failure);
  return fails(message, hint);
};

export const checks = { container, engine };

alone(import.meta.url);
