#!/usr/bin/env node
import { findLogin } from "../lib/aws/sso/find-login.js";
import { ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { isOffline } from "../lib/session/staleness.js";
import type { StepContext } from "../lib/session/step.js";

/** Forgets the login that tazpod made. */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { terminal, project, signal } = context;
  const found = await findLogin(project.config.remote, process.env);
  if (!found.ok) return found;
  if (found.value === undefined) {
    terminal.print(
      "There is no login of tazpod's own here: neither the settings nor the AWS profile name one.",
    );
    return ok(undefined);
  }
  const { logOut } = await import("../lib/aws/sso/log-out.js");
  const done = await logOut(found.value, { offline: isOffline(context), signal });
  if (!done.ok) return done;
  const { wasLoggedIn, endedByPortal } = done.value;
  const only =
    endedByPortal === true ? "" : " It was only forgotten here: the portal was not told, or did not answer.";
  terminal.print(wasLoggedIn ? `Logged out.${only}` : "Nobody was logged in.");
  return ok(undefined);
}

runWhenMain(import.meta.url);
