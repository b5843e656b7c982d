#!/usr/bin/env node
import { foreign } from "../lib/engine/judge.js";
import { startContainer } from "../lib/engine/make.js";
import { explain } from "../lib/explain.js";
import { containerSpec } from "../lib/project/container-spec.js";
import type { Failure } from "../lib/failure.js";
import { fail, ok, type Result } from "../lib/result.js";
import { engineNews } from "../lib/run/engine-news.js";
import { alone } from "../lib/run/alone.js";
import { cannotTell } from "../lib/run/checks.js";
import { readyToMake, readyToStart } from "../lib/run/host-ready.js";
import { makeNoted } from "../lib/run/make-noted.js";
import { ownContainer } from "../lib/run/own-container.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/run/step.js";

/** Makes and starts the project's container, or starts it; somebody else's is refused. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project } = context;
  if (!project.config.ghostMode) return fail({ kind: "ghost-mode-off" });
  const spec = containerSpec(project);
  const state = await ownContainer(context);
  if (!state.ok) return state;
  const chosen = await context.chosen();
  if (state.value.state === "running") return ok(undefined);
  const isNew = state.value.state === "absent";
  const ready = await (isNew ? readyToMake(project, chosen.engine) : readyToStart(project));
  if (!ready.ok) return ready;
  if (!isNew) return startContainer(chosen.engine, spec.name);
  for (const line of engineNews(chosen, spec)) context.terminal.say(line);
  return makeNoted(context, chosen.engine, spec);
}

const container: StepCheck = async (context) => {
  const { containerName: name } = context.project.config;
  const state = await context.container();
  // without the program there is no container either: that much is certain
  if (!state.ok && isNowhere(state.failure)) {
    return fails(explain(state.failure).message);
  }
  if (!state.ok) return cannotTell(state.failure);
  const { name: engineName } = await context.engine();
  const refusal = foreign(state.value, containerSpec(context.project), engineName);
  if (refusal) return fails(explain(refusal).message);
  return state.value.state === "running"
    ? holds(`container ${name} runs`)
    : fails(`container ${name} is ${state.value.state}`);
};

function isNowhere(failure: Failure): boolean {
  if (failure.kind === "no-engine")
    return failure.causes.every((cause) => isNowhere(cause) || isNotAllowed(cause));
  return failure.kind === "engine-unavailable" && failure.why === "missing";
}

// whoever may make no namespace has none
const isNotAllowed = (failure: Failure): boolean =>
  failure.kind === "engine-unavailable" && failure.engine === "namespace";

const engine: StepCheck = async (context) => {
  const version = await (await context.engine()).version();
  if (version.ok) return holds(`version ${version.value}`);
  const { message, hint } = explain(version.failure);
  return fails(message, hint);
};

export const checks = { container, engine };

alone(import.meta.url);
