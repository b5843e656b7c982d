#!/usr/bin/env node
import { hostname } from "node:os";
import { failureText } from "../lib/explain.js";
import { pushed } from "../lib/remote/local.js";
import { push } from "../lib/remote/push.js";
import type { Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { bytesOf } from "../lib/run/bytes.js";
import { isOffline } from "../lib/run/freshness.js";
import { fails, holds, type StepCheck, type StepContext } from "../lib/run/step.js";

/** Uploads the local vault, never over one that this host has not seen. */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { project, signal, report, terminal } = context;
  const remote = await context.remote();
  const progress = (done: number, total: number): void => report(`${bytesOf(done)} of ${bytesOf(total)}`);
  const { retention } = project.config;
  const done = await push({
    remote,
    folder: project.vaultFolder,
    host: hostname(),
    signal,
    progress,
    ...(retention === undefined ? {} : { retention }),
  });
  if (done.ok && done.value.historyProblem !== undefined)
    terminal.say(
      `The vault was pushed, but its history copy was not made; the next push makes it.\n${failureText(done.value.historyProblem)}`,
    );
  return done;
}

/** By what was pushed last, as it is noted here: no network. */
const vaultPushed: StepCheck = async ({ project }) => pushed(project.vaultFolder, project.config.remote.url);

const offline: StepCheck = async (context) =>
  isOffline(context) ? holds("--offline") : fails("the remote may be asked");

export const checks = { "vault-pushed": vaultPushed, offline };

alone(import.meta.url);
