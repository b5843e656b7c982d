import { fail, ok, type Result } from "../result.js";
import type { StepContext } from "./step.js";

export const environmentHint =
  "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or AWS_PROFILE, or `sso` in .tazpod/config.yaml (docs/config.md).";

/** Has the AWS command line log in, where neither the settings nor the profile say how to. Failures: `no-credentials`, `interrupted`. */
export async function awsLogin(
  { terminal, signal, vars, project }: StepContext,
  detail: string,
): Promise<Result<void>> {
  const profile = vars["profile"] ?? "default";
  const missing = { kind: "no-credentials", profile, detail } as const;
  const { execa } = await import("execa");
  terminal.say(`Logging in: aws sso login --profile ${profile}`);
  const done = await terminal.lend(async () =>
    execa("aws", ["sso", "login", "--profile", profile], {
      cwd: project.root,
      stdio: "inherit",
      reject: false,
      cancelSignal: signal,
      forceKillAfterDelay: 2_000,
    }),
  );
  if (!done.failed) return ok(undefined);
  if (done.code === "ENOENT")
    return fail({ ...missing, hint: `${environmentHint} Or install the AWS CLI, for \`aws sso login\`.` });
  if (done.isCanceled || done.signal === "SIGINT" || done.exitCode === 130)
    return fail({ kind: "interrupted", signal: "SIGINT" });
  return fail({
    ...missing,
    detail: `aws sso login --profile ${profile} failed`,
    hint: "Its own words are above. Nothing else was tried.",
  });
}
