import { ok, type Result } from "../failure/result.js";
import type { StepContext } from "./step.js";

/** A vault that was put together here is there for others only once somebody has said so. */
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
  terminal.print("It is not pushed yet: `tazpod push`, or the next enter, brings it there.");
  return ok(undefined);
}
