#!/usr/bin/env node
import { foreign } from "../lib/engine/judge.js";
import { fail, ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { cannotTell } from "../lib/run/checks.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/run/step.js";

/** Stops and removes the project's container, and nobody else's. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { root, config } = context.project;
  const state = await context.container();
  if (!state.ok) return state;
  const refusal = foreign(state.value, { name: config.containerName, project: root });
  if (refusal) return fail(refusal);
  if (state.value.state === "absent") return ok(undefined);
  return (await context.engine()).remove(config.containerName);
}

const containerGone: StepCheck = async (context) => {
  const { containerName: name } = context.project.config;
  const state = await context.container();
  if (!state.ok) return cannotTell(state.failure);
  const ours = !foreign(state.value, { name, project: context.project.root });
  return state.value.state === "absent" || !ours
    ? holds(`container ${name} is not there`)
    : fails(`container ${name} is there`);
};

export const checks = { "container-gone": containerGone };

alone(import.meta.url);
