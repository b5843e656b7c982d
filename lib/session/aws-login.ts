import { foreground } from "../host/process.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { StepContext } from "./step.js";

/** Has the AWS CLI log in, where neither the settings nor the profile say how to. Failures: `no-credentials`, `interrupted`. */
export async function awsLogin({ terminal, signal, vars, project }: StepContext): Promise<Result<void>> {
  const profile = vars["profile"] ?? "default";
  terminal.print(`Logging in: aws sso login --profile ${profile}`);
  const argv = ["aws", "sso", "login", "--profile", profile];
  const done = await terminal.handOver(() => foreground(argv, { cwd: project.root, signal }));
  if (!done.ok) return done;
  const { code, signal: killedBy } = done.value;
  if (code === 0) return ok(undefined);
  if (killedBy === "SIGINT" || code === 130) return fail({ kind: "interrupted", signal: "SIGINT" });
  return fail({
    kind: "no-credentials",
    profile,
    detail: `aws sso login --profile ${profile} failed`,
    hint: "Its own words are above. Nothing else was tried.",
  });
}
