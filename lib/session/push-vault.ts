import { hostname } from "node:os";
import { failureText } from "../failure/explain.js";
import { push } from "../remote/push.js";
import { type Result, ok } from "../failure/result.js";
import { meter } from "../host/work-meter.js";
import type { StepContext } from "./step.js";

/**
 * Uploads the local vault; with --force also if the remote has it, or has lost it. It never overwrites a vault that this
 * host has not seen. Failures: those of `push`.
 */
export async function pushVault(
  context: StepContext,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<Result<unknown>> {
  const { project, options } = context;
  const { url } = project.config.remote;
  const { retention } = project.config;
  const done = await push({
    remote: await context.remote(),
    folder: project.vaultFolder,
    ownOnly: true,
    force: options.force,
    host: hostname(),
    signal,
    progress: meter("sent"),
    retention,
  });
  if (done.ok && done.value.historyProblem !== undefined)
    say(
      `The vault was pushed, but its history copy could not be written. The next push writes it.\n${failureText(done.value.historyProblem)}`,
    );
  if (!done.ok) return done;
  return ok(done.value.uploaded ? `Vault pushed to ${url}` : `${url} has this vault already`);
}

/** Asks whether to push a merged or restored vault; --yes answers. */
export async function offerPush(
  context: StepContext,
  push: (context: StepContext) => Promise<Result<unknown>>,
): Promise<Result<unknown>> {
  const { terminal, options, signal, project } = context;
  const agreed = options.yes === "all" || options.yes.has("push");
  const answer =
    agreed || !terminal.interactive
      ? ok(agreed)
      : await terminal.confirm(`Push it to ${project.config.remote.url}?`, true, signal);
  if (!answer.ok) return answer;
  if (answer.value) return push(context);
  terminal.print("Not pushed yet. Run `tazpod push`, or leave it to the next `tazpod enter`.");
  return ok(undefined);
}
