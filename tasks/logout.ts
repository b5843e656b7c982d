#!/usr/bin/env node
import { findLogin } from "../lib/aws/sso/find-login.js";
import { ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { isOffline } from "../lib/session/staleness.js";
import type { StepContext } from "../lib/session/step.js";

/** Removes the login that tazpod made. */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { terminal, project, signal } = context;
  const found = await findLogin(project.config.remote, process.env);
  if (!found.ok) return found;
  if (found.value === undefined) {
    terminal.print("tazpod has no login here: neither the settings nor the AWS profile name one.");
    return ok(undefined);
  }
  const { logOut } = await import("../lib/aws/sso/log-out.js");
  const done = await logOut(found.value, { offline: isOffline(context), signal });
  if (!done.ok) return done;
  const { wasLoggedIn, endedByPortal } = done.value;
  const only =
    endedByPortal === true
      ? ""
      : ": it was only removed here, because the portal was not contacted or did not answer.";
  terminal.print(wasLoggedIn ? `✔ Logged out${only}` : "You were not logged in.");
  return ok(undefined);
}

runWhenMain(import.meta.url);
