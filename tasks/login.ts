#!/usr/bin/env node
import { fail, ok, type Result } from "../lib/result.js";
import { alone } from "../lib/run/alone.js";
import { isOffline } from "../lib/run/freshness.js";
import { fails, type StepCheck, type StepContext } from "../lib/run/step.js";

/** Gets credentials for the remote: nothing where they are at hand already, else `aws sso login`. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { terminal, signal, vars, project } = context;
  const remote = await context.remote();
  const { state, reason } = await remote.credentials(signal);
  if (state === "true") return ok(undefined);
  const profile = vars["profile"] ?? "default";
  const missing = { kind: "no-credentials", profile, detail: reason } as const;
  if (!terminal.interactive) return fail({ ...missing, hint: `${environmentHint} Or log in on a terminal.` });
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
    return fail({ ...missing, hint: `Install the AWS CLI for \`aws sso login\`. Or: ${environmentHint}` });
  if (done.isCanceled || done.signal === "SIGINT" || done.exitCode === 130)
    return fail({ kind: "interrupted", signal: "SIGINT" });
  return fail({
    ...missing,
    detail: `aws sso login --profile ${profile} failed`,
    hint: "Its own words are above. Nothing else was tried.",
  });
}

const environmentHint =
  "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or AWS_PROFILE, or run `aws configure sso`.";

const session: StepCheck = async (context) =>
  isOffline(context) ? fails("not asked: --offline") : (await context.remote()).credentials(context.signal);

export const checks = { session };

alone(import.meta.url);
