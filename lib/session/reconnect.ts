import { explain } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { sleep, steadyTime } from "../host/clock.js";
import { containerStart } from "../secrets-folder/open-record.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { endSession } from "../secrets-folder/shell-command.js";
import type { StepContext } from "./step.js";

/** How long to wait for an engine that does not answer, and between two questions, in ms. */
const [patienceMs, pauseMs] = [120_000, 1_000];

/**
 * After a shell lost its connection: waits until the engine answers, and offers a new shell in the container that is still
 * there. Ends what is left of the old shell, whose id is `session`. Returns whether a shell is wanted.
 */
export async function offerNewShell(
  context: StepContext,
  secrets: SecretsFolder,
  { failure, session }: { readonly failure: Failure; readonly session: string },
): Promise<boolean> {
  const { terminal, signal, options } = context;
  if (!wasLost(failure) || !terminal.interactive) return false;
  terminal.warn(explain(failure).message);
  if (!(await isStillThere(context, secrets))) return false;
  if (options.yes !== "all") {
    const question = "The container is still there, with everything in it. Open a new shell?";
    const answer = await terminal.confirm(question, true, signal);
    if (!answer.ok || !answer.value) return false;
  }
  await endSession(secrets, session);
  return true;
}

const wasLost = (failure: Failure): boolean =>
  failure.kind === "connection-lost" ||
  (failure.kind === "engine-unavailable" && failure.why === "not-answering");

/** Waits until the engine answers. False if it does not, the container is another, or the user does not want to wait. */
async function isStillThere(
  { terminal, signal }: StepContext,
  { engine, container, startId }: SecretsFolder,
): Promise<boolean> {
  const end = steadyTime() + patienceMs;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const state = await engine.inspect(container);
    if (state.ok && state.value.state !== "not-ready") return containerStart(state.value) === startId;
    if (steadyTime() > end) return false;
    if (isFirst)
      terminal.warn(`Waiting up to ${patienceMs / 60_000} min for an answer; Ctrl-C stops waiting.`);
    await sleep(pauseMs, signal);
  }
  return false;
}
