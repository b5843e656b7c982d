#!/usr/bin/env node
import { clearFolder } from "../lib/secrets-folder/contents.js";
import { forgetOpen, readOpen, recordClosing, recordStillOpen } from "../lib/secrets-folder/open-record.js";
import { withProjectLock } from "../lib/project/project-lock.js";
import { sessionsTimestamp, otherSessions } from "../lib/project/sessions.js";
import { fail, ok, type Result } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import type { StepContext } from "../lib/session/step.js";

/** Empties the RAM folder. The fact `vault-saved`, which it needs, is responsible for unsaved work. */
export async function run(context: StepContext): Promise<Result<string | undefined>> {
  const { project, options, session, signal } = context;
  return withProjectLock(project.vaultFolder, signal, async () => {
    const secrets = await context.secrets();
    // without a running container there is no RAM folder
    if (!secrets.ok) return secrets.failure.kind === "container-gone" ? ok(undefined) : secrets;
    if (session.vault.isLeaving) {
      // first, since that removes the files of sessions that were killed
      const others = await otherSessions(project.vaultFolder);
      if (!others.ok) return others;
      const seen = await sessionsTimestamp(project.vaultFolder);
      if (!seen.ok) return seen;
      // a session that has ended, or was killed, may have left unsaved work
      if (
        others.value.length > 0 ||
        (session.vault.checkedAt !== undefined && session.vault.checkedAt !== seen.value)
      )
        return fail({ kind: "changed-meanwhile", detail: "Another shell was opened here in the meantime" });
    }
    const recorded = await readOpen(secrets.value);
    if (!recorded.ok) return recorded;
    // first: a partly emptied folder does not count as open
    const closing = await recordClosing(project.vaultFolder);
    if (!closing.ok) return closing;
    const all = recorded.value !== undefined || options.discard;
    const { force, discard, skipUnreadable } = options;
    const onlyIfUnchanged = !discard && !skipUnreadable;
    const cleared = await clearFolder(secrets.value, { force, all, onlyIfUnchanged });
    if (!cleared.ok && cleared.failure.kind === "changed-meanwhile") {
      const reopened = await recordStillOpen(project.vaultFolder);
      return reopened.ok ? cleared : reopened;
    }
    // no program inside may keep the vault open: the RAM goes with the container
    const emptied =
      !cleared.ok && options.discard && options.force
        ? await secrets.value.engine.remove(secrets.value.container)
        : cleared;
    const forgotten = emptied.ok ? await forgetOpen(project.vaultFolder) : emptied;
    return forgotten.ok ? ok("Vault locked") : forgotten;
  });
}

runWhenMain(import.meta.url);
