import { fail, ok, type Result } from "../failure/result.js";
import type { StepContext } from "./step.js";

/** Has the AWS CLI log in, where neither the settings nor the profile say how to. Failures: `no-credentials`, `interrupted`. */
export async function awsLogin({ terminal, signal, vars, project }: StepContext): Promise<Result<void>> {
  const profile = vars["profile"] ?? "default";
  const { execa } = await import("execa");
  terminal.print(`Logging in: aws sso login --profile ${profile}`);
  const done = await terminal.handOver(async () =>
    execa("aws", ["sso", "login", "--profile", profile], {
      cwd: project.root,
      stdio: "inherit",
      reject: false,
      cancelSignal: signal,
      forceKillAfterDelay: 2_000,
    }),
  );
  if (!done.failed) return ok(undefined);
  if (done.isCanceled || done.signal === "SIGINT" || done.exitCode === 130)
    return fail({ kind: "interrupted", signal: "SIGINT" });
  return fail({
    kind: "no-credentials",
    profile,
    detail: `aws sso login --profile ${profile} failed`,
    hint: "Its own words are above. Nothing else was tried.",
  });
}
