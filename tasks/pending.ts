#!/usr/bin/env node
import { checkPushed } from "../lib/remote/local-vault.js";
import { ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { isOffline } from "../lib/session/staleness.js";
import type { StepContext } from "../lib/session/step.js";

/** Reports at the end that changes were not pushed. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project, terminal } = context;
  const { state, reason } = await checkPushed(project.vaultFolder, project.config.remote.url);
  if (state === "true") return ok(undefined);
  const why = isOffline(context) ? " (--offline)" : "";
  terminal.print(
    `Not pushed${why}: ${reason}. It is kept here; \`tazpod push\` or the next enter tries again.`,
  );
  return ok(undefined);
}

runWhenMain(import.meta.url);
