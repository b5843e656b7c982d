#!/usr/bin/env node
import { requireRemote } from "../lib/remote/open-remote.js";
import { purge } from "../lib/remote/prune.js";
import { fail, ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { isOffline } from "../lib/session/staleness.js";
import type { StepContext } from "../lib/session/step.js";
import { run as push } from "./push.js";

/** Removes all copies in the history except those of the vault that is at the remote now, after a question. */
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { terminal, options, project, signal } = context;
  const there = requireRemote(await context.remote());
  if (!there.ok) return there;
  const question = `Remove every copy in the history of ${project.config.remote.url} but the newest? This cannot be undone.`;
  const flag = "--yes=purge-history";
  if (options.yes !== "all" && !options.yes.has("purge-history")) {
    if (!terminal.interactive) return fail({ kind: "answer-needed", question, flag });
    const answer = await terminal.confirm(question, false, signal);
    if (!answer.ok) return answer;
    if (!answer.value) return fail({ kind: "declined", question });
  }
  return remove(context);
}

async function remove({ project, remote, signal, terminal }: StepContext): Promise<Result<void>> {
  const purged = await purge({ remote: await remote(), folder: project.vaultFolder, signal });
  if (!purged.ok) return purged;
  const { removed, left } = purged.value;
  terminal.print(
    `✔ Removed ${removed} ${removed === 1 ? "copy" : "copies"} from the history; ${left} ${left === 1 ? "remains" : "remain"}`,
  );
  return ok(undefined);
}

/**
 * Offers to remove old copies after a change of the passphrase, since they open with the old one. --yes does not
 * answer.
 */
export async function offerPurge(context: StepContext): Promise<Result<unknown>> {
  const { terminal, project, signal } = context;
  const { url } = project.config.remote;
  if (url === "none") return ok(undefined);
  if (terminal.interactive && !isOffline(context)) {
    const question = `Push the vault to ${url} now and remove the older copies there?`;
    const answer = await terminal.confirm(question, false, signal);
    if (!answer.ok) return answer;
    if (answer.value) {
      const done = await push(context);
      return done.ok ? remove(context) : done;
    }
  }
  terminal.print("To remove those at the remote, run `tazpod push`, then `tazpod run purge-history`.");
  return ok(undefined);
}

runWhenMain(import.meta.url);
