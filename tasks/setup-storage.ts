#!/usr/bin/env node
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder, stat } from "../lib/host/files.js";
import { ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import type { StepContext } from "../lib/session/step.js";
import type { StorageStep } from "../lib/remote/s3/storage.js";

/** Prepares the remote: a protected bucket, or a folder. */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { url } = context.project.config.remote;
  if (url.startsWith("s3://")) return setUpBucket(context);
  if (url.startsWith("file://")) return setUpFolder(context, dirname(fileURLToPath(url)));
  context.terminal.print("This project has no remote: there is nothing to set up.");
  return ok(undefined);
}

async function setUpFolder({ terminal }: StepContext, folder: string): Promise<Result<unknown>> {
  const found = await stat(folder);
  if (!found.ok) return found;
  const made = await makeFolder(folder);
  if (made.ok)
    terminal.print(
      describeOutcome({
        what: `the folder ${folder}`,
        outcome: found.value === undefined ? "done" : "already",
      }),
    );
  return made;
}

async function setUpBucket(context: StepContext): Promise<Result<unknown>> {
  const { project, terminal, signal } = context;
  const { remote } = project.config;
  const [{ s3Location }, { setUpStorage }, { minimalPolicy }] = await Promise.all([
    import("../lib/remote/s3/remote.js"),
    import("../lib/remote/s3/storage.js"),
    import("../lib/remote/s3/storage.js"),
  ]);
  const { location, endpoint } = s3Location(remote);
  const done = await setUpStorage({
    location,
    region: remote.region,
    amazon: endpoint === undefined,
    wantsLifecycle: () => wantsLifecycle(context),
    signal,
  });
  if (!done.ok) return done;
  for (const step of done.value) terminal.print(describeOutcome(step));
  terminal.print("\nThe minimal IAM policy that tazpod needs from now on:");
  terminal.print(JSON.stringify(minimalPolicy(location.bucket, location.key), undefined, 2));
  return ok(undefined);
}

async function wantsLifecycle({ options, terminal, signal }: StepContext): Promise<Result<boolean>> {
  if (options.yes === "all" || options.yes.has("setup-storage")) return ok(true);
  if (!terminal.interactive) return ok(false);
  return terminal.confirm("Remove unfinished uploads after 7 days?", true, signal);
}

function describeOutcome({ what, outcome, reason }: StorageStep): string {
  const why = reason === undefined ? "" : `: ${reason}`;
  switch (outcome) {
    case "done":
      return `✔ ${what}${why}`;
    case "already":
      return `= ${what}: unchanged${why}`;
    case "passed":
      return `- not ${what}${why}`;
    case "declined":
      return `- not ${what}: declined, or no terminal to ask on (--yes=setup-storage)`;
  }
}

runWhenMain(import.meta.url);
