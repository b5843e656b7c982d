#!/usr/bin/env node
import { clearFolder, isEmpty } from "../lib/secrets-folder/contents.js";
import { readOpenState } from "../lib/secrets-folder/open-state.js";
import { forgetOpen, isRecordedOpen } from "../lib/secrets-folder/open-record.js";
import { explain } from "../lib/failure/explain.js";
import { checkPushed } from "../lib/remote/local-vault.js";
import { withProjectLock } from "../lib/project/project-lock.js";
import { isInUse, joinSession } from "../lib/project/sessions.js";
import { printable } from "../lib/host/printable.js";
import { type Result, fail, ok } from "../lib/failure/result.js";
import { runWhenMain } from "../lib/session/step-program.js";
import { formatBytes, formatFileCount } from "../lib/host/human.js";
import { reportUnlinked, unlockVault } from "../lib/session/unlock-vault.js";
import { fromFailure } from "../lib/run/checks.js";
import { openStateChanged, setAside } from "../lib/session/tampered.js";
import { openMissingParts } from "../lib/session/open-and-close-parts.js";
import { partsToOpen } from "../lib/session/requested-parts.js";
import { acceptOpened, recordOpening } from "../lib/session/accept-opened.js";
import { openLocal } from "../lib/session/open-local.js";
import { withPassphrase } from "../lib/session/ask-passphrase.js";
import { type StepCheck, type StepContext, fails, holds } from "../lib/session/step.js";
import { closedParts } from "../lib/vault/vault-parts.js";
import { archiveLimit } from "../lib/vault/archive/entry-policy.js";
import type { OpenedFile } from "../lib/vault/rollback-check.js";
import { cleanLeftovers } from "../lib/vault/store.js";

/** Opens the local vault into the RAM folder: completely, or not at all. */
export async function run(context: StepContext): Promise<Result<void>> {
  const { project, terminal, session, signal } = context;
  const opening = partsToOpen(project, context.options);
  if (!opening.ok) return opening;
  await cleanLeftovers(project.vaultFolder);
  const secrets = await context.secrets();
  if (!secrets.ok) return secrets;
  const limitBytes = archiveLimit(secrets.value.secretsBytes);
  let sealed: OpenedFile | undefined;
  const accept = async (opened: OpenedFile): Promise<Result<void>> => {
    sealed = opened;
    return acceptOpened(context, opened);
  };
  const unpacked = await withPassphrase(context, "Passphrase of the vault:", (passphrase) =>
    withProjectLock(project.vaultFolder, signal, async () => {
      const vault = { vault: project.vaultFile, passphrase, limitBytes, opening: opening.value };
      const unlock = () => unlockVault(secrets.value, { ...vault, accept, signal });
      let done = await openLocal(context, unlock, passphrase);
      if (!done.ok && done.failure.kind === "secrets-not-empty") {
        const kept = await setAside(context, secrets.value, passphrase, done.failure.names);
        if (!kept.ok) return kept;
        done = await openLocal(context, unlock, passphrase);
      }
      if (!done.ok) return done;
      // keeps a session that ends now from locking the vault before the shell is there
      const joined = await joinSession(project.vaultFolder, [], "arriving");
      if (joined.ok) session.vault.leave = joined.value;
      if (joined.ok || done.value === "already open") return joined.ok ? done : joined;
      // without a session record nothing could be saved
      const closed = await clearFolder(secrets.value);
      const forgotten = closed.ok ? await forgetOpen(project.vaultFolder) : closed;
      return forgotten.ok ? joined : forgotten;
    }),
  );
  if (!unpacked.ok) {
    const { failure } = unpacked;
    const isRoom = secrets.value.secretsBytes < project.config.secretsBytes;
    return isRoom && failure.kind === "archive-too-large" ? fail({ ...failure, lacksRam: true }) : unpacked;
  }
  session.vault.sawOpen = true;
  if (unpacked.value === "already open") {
    const more = await openMissingParts(context, secrets.value);
    if (!more.ok) return more;
  } else {
    session.vault.unlockedHere = true;
    session.parts.opened = context.options.parts;
    const { files, bytes, dropped, unlinked } = unpacked.value;
    for (const path of dropped) terminal.print(`Not unlocked: ${printable(path)}`);
    reportUnlinked(terminal, secrets.value, unlinked);
    const closed = opening.value === undefined ? [] : closedParts(opening.value);
    const without = closed.length === 0 ? "" : `, without ${closed.join(", ")}`;
    if (sealed !== undefined) await recordOpening(context, sealed);
    terminal.print(
      `✔ Vault unlocked: ${formatFileCount(files)}, ${formatBytes(bytes)}, in ${secrets.value.folder}${without}`,
    );
  }
  await printUnpushed(context);
  return ok(undefined);
}

async function printUnpushed({ project, session, terminal }: StepContext): Promise<void> {
  if (session.remoteCheck.isNeedless) return;
  const { state, reason } = await checkPushed(project.vaultFolder, project.config.remote.url);
  if (state === "false")
    terminal.print(`Not pushed yet: ${reason}. \`tazpod push\` pushes it, as does the end of a shell.`);
}

const vaultOpen: StepCheck = async (context) => {
  const found = await isOpen(context);
  context.session.vault.sawOpen = found.state === "true";
  return found;
};

const isOpen: StepCheck = async (context) => {
  const { project, session } = context;
  const state = await context.container();
  if (!state.ok) return fromFailure(state.failure);
  const recorded = await isRecordedOpen(project.vaultFolder, state.value);
  const isNoted = recorded.ok && recorded.value;
  // without an open shell it may have been closed from inside
  if (isNoted && (session.vault.sawOpen || (await isInUse(project.vaultFolder))))
    return holds("the vault is open");
  const secrets = await context.secrets();
  if (!secrets.ok) return fromFailure(secrets.failure);
  const found = await readOpenState(secrets.value);
  if (!found.ok) return fromFailure(found.failure);
  // the record stays: another tazpod may be opening the vault right now
  if (found.value === "closed") {
    const empty = context.options.discard ? await isEmpty(secrets.value) : ok(true);
    if (!empty.ok) return fromFailure(empty.failure);
    return empty.value
      ? fails("the vault is locked")
      : holds("the RAM folder has files that are in no vault");
  }
  if (found.value === "changed") return holds(explain(await openStateChanged(context)).message);
  return holds(found.value === "closing" ? "locking the vault was interrupted" : "the vault is open");
};

export const checks = { "vault-open": vaultOpen };

runWhenMain(import.meta.url);
