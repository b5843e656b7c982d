#!/usr/bin/env node
import { explain } from "../lib/failure/explain.js";
import { ok, type Result } from "../lib/failure/result.js";
import { listNames } from "../lib/host/human.js";
import { printable } from "../lib/host/printable.js";
import { otherSessions } from "../lib/project/sessions.js";
import { useOf } from "../lib/secrets-folder/programs-inside.js";
import { ownContainer } from "../lib/session/project-container.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/session/step.js";

/** Removes what containers of this name left. The container itself is removed afterwards, unless it is in use. */
export async function run(context: StepContext): Promise<Result<string>> {
  const { root, config } = context.project;
  const why = await whyInUse(context);
  if (!why.ok) return why;
  const removed = await (
    await context.engine()
  ).removeLeftovers?.({ name: config.containerName, project: root });
  if (removed?.ok === false) return removed;
  if (why.value !== undefined) return ok(`Container ${config.containerName} stays: ${why.value}`);
  const state = await context.container();
  const isAbsent = state.ok && state.value.state === "absent";
  return ok(
    isAbsent ? `There is no container ${config.containerName}` : `Container ${config.containerName} is idle`,
  );
}

/** Returns who or what uses the container, as far as the engine can tell; undefined if it is idle. */
async function whyInUse(context: StepContext): Promise<Result<string | undefined>> {
  const others = await otherSessions(context.project.vaultFolder);
  if (!others.ok) return others;
  const [first] = others.value;
  if (first !== undefined) return ok(`a shell of this host is open in it (process ${first.pid})`);
  const state = await ownContainer(context);
  if (!state.ok || state.value.state === "absent") return state.ok ? ok(undefined) : state;
  const { name } = await context.engine();
  if (state.value.state !== "running") {
    // elsewhere no program is in a container that does not run; another tazpod may wait for a pod
    const isUnknown = state.value.state === "not-ready" || name === "kubernetes";
    return ok(isUnknown ? `it is not ready (${state.value.reported})` : undefined);
  }
  const secrets = await context.secrets();
  if (!secrets.ok) return secrets;
  const found = await useOf(secrets.value);
  if (!found.ok) return found;
  const { isVaultOpen, programs } = found.value;
  if (isVaultOpen) return ok("the vault is open in it");
  // these are all of the host
  if (name === "process" || programs.length === 0) return ok(undefined);
  return ok(`programs run in it (${printable(listNames(programs, 3))})`);
}

const containerInUse: StepCheck = async (context) => {
  const why = await whyInUse(context);
  // what is not known to be idle stays
  if (!why.ok) return holds(explain(why.failure).message);
  return why.value === undefined ? fails("it is idle") : holds(why.value);
};

export const checks = { "container-in-use": containerInUse };

runWhenMain(import.meta.url);
