import { hostname } from "node:os";
import { failureText } from "../failure/explain.js";
import { push } from "../remote/push.js";
import type { Result } from "../failure/result.js";
import { formatBytes } from "../host/human.js";
import type { StepContext } from "./step.js";

/** Uploads the local vault, never over one that this host has not seen. Failures: those of `push`. */
export async function pushVault(
  context: StepContext,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<Result<unknown>> {
  const { project, report } = context;
  const { retention } = project.config;
  const done = await push({
    remote: await context.remote(),
    folder: project.vaultFolder,
    ownOnly: true,
    host: hostname(),
    signal,
    progress: (sent, total) => report(`${formatBytes(sent)} of ${formatBytes(total)}`),
    ...(retention === undefined ? {} : { retention }),
  });
  if (done.ok && done.value.historyProblem !== undefined)
    say(
      `The vault was pushed, but its history copy was not made; the next push makes it.\n${failureText(done.value.historyProblem)}`,
    );
  return done;
}
