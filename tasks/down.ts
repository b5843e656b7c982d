#!/usr/bin/env node
import { foreign } from "../lib/engine/judge.js";
import { fail, ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import type { StepContext } from "../lib/run/step.js";

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

await alone(import.meta.url);
