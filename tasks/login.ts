#!/usr/bin/env node
import { findLogin } from "../lib/aws/sso/find-login.js";
import { loginObstacle } from "../lib/aws/sso/login-obstacle.js";
import { openInBrowser } from "../lib/host/browser.js";
import { type Result, fail, ok } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { isOffline } from "../lib/session/staleness.js";
import { type StepCheck, type StepContext, fails } from "../lib/session/step.js";
import { failureText } from "../lib/failure/explain.js";
import { foreground } from "../lib/host/foreground.js";

/**
 * Gets credentials for the remote, unless there are some already: by IAM Identity Center if the settings or the AWS
 * profile name it, else with `aws sso login`.
 */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { terminal, signal, options, project } = context;
  const remote = await context.remote();
  const { state, reason } = await remote.credentials(signal);
  if (state === "true" && !options.force) {
    terminal.print(
      remote.kind === "s3" ? `Logged in already: ${reason}. --force logs in again.` : `${reason}.`,
    );
    return ok(undefined);
  }
  if (remote.kind !== "s3") return ok(undefined);
  const found = await findLogin(project.config.remote, process.env);
  if (!found.ok) return found;
  const obstacle =
    found.value === undefined ? await loginObstacle(project.config.remote, process.env) : undefined;
  if (obstacle !== undefined) return fail(obstacle);
  if (!terminal.interactive) {
    const detail = state === "true" ? "A new login needs a terminal" : reason;
    return fail({
      kind: "no-credentials",
      detail,
      hint: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in on a terminal.",
    });
  }
  if (found.value === undefined) return awsLogin(context);
  const { logIn } = await import("../lib/aws/sso/log-in.js");
  const done = await logIn(found.value, {
    force: options.force,
    signal,
    onPrompt: ({ address, code }) => {
      terminal.warn(`To log in, open this address:\n\n    ${address}\n\nIt must show this code: ${code}`);
      openInBrowser(address);
      terminal.warn("Waiting for the confirmation; Ctrl-C cancels.");
    },
    onWait: ({ pid }) =>
      terminal.warn(`Another tazpod (process ${pid}) is logging in. Waiting for it; Ctrl-C cancels.`),
    onTrouble: (failure) => terminal.warn(`${failureText(failure)}\nTrying again.`),
  });
  // discard what was typed while waiting
  const dropped = await terminal.discardTyped();
  if (!done.ok) return done;
  if (!dropped.ok) return dropped;
  terminal.print(
    done.value.isStored
      ? "✔ Logged in"
      : "✔ Logged in, only until this tazpod ends: this host has no private folder in RAM for the login.",
  );
  return ok(undefined);
}

/**
 * Runs `aws sso login` if neither the settings nor the profile name a login. Failures: `no-credentials`, `interrupted`.
 */
async function awsLogin({ terminal, signal, vars, project }: StepContext): Promise<Result<void>> {
  const profile = vars["profile"] ?? "default";
  terminal.warn(`Logging in: aws sso login --profile ${profile}`);
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
    hint: "See its message above.",
  });
}

const session: StepCheck = async (context) =>
  isOffline(context) ? fails("not asked: --offline") : (await context.remote()).credentials(context.signal);

export const checks = { session };

runWhenMain(import.meta.url);
