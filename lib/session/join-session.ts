import { clearFolder } from "../secrets-folder/contents.js";
import { readOpenState } from "../secrets-folder/open-state.js";
import { forgetOpen, isRecordedOpen } from "../secrets-folder/open-record.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import type { ContainerState } from "../engine/engine.js";
import { withProjectLock } from "../project/project-lock.js";
import { joinSession, otherSessions } from "../project/sessions.js";
import { fail, ok, type Result } from "../failure/result.js";
import { openStateChanged } from "./tampered.js";
import type { StepContext } from "./step.js";

export interface JoinedSession {
  /** The vault is open. */
  readonly open: boolean;
  readonly leave: () => Promise<void>;
}

/**
 * Joins those who have a shell here, if the vault is still as open as this run takes it to be: from then on nobody who
 * leaves locks it. Failure: `changed-meanwhile`.
 */
export function joinShells(
  context: StepContext,
  secrets: SecretsFolder,
  state: ContainerState,
): Promise<Result<JoinedSession>> {
  const { project, options, session, terminal, signal } = context;
  return withProjectLock(project.vaultFolder, signal, async () => {
    const open = await checkStillOpen(context, secrets, state);
    if (!open.ok) return open;
    const others = await otherSessions(project.vaultFolder);
    if (!others.ok) return others;
    if (open.value && !session.vault.unlockedHere && others.value.length === 0)
      terminal.print(foundOpenMessage);
    // what somebody has opened by hand stays open
    const shared = others.value.flatMap(({ parts }) => parts);
    session.parts.toClose = options.parts.filter((part) =>
      [...session.parts.opened, ...shared].includes(part),
    );
    const joined = await joinSession(project.vaultFolder, session.parts.toClose);
    return joined.ok ? ok({ open: open.value, leave: joined.value }) : joined;
  });
}

const foundOpenMessage =
  "The vault was open, with no shell in it: unlocked by itself, or left by a tazpod that was killed. It is saved and locked when you leave.";

async function checkStillOpen(
  context: StepContext,
  secrets: SecretsFolder,
  state: ContainerState,
): Promise<Result<boolean>> {
  const { project, session } = context;
  const open = await isRecordedOpen(project.vaultFolder, state);
  if (!open.ok || open.value === session.vault.sawOpen) return open;
  // the record and this run's last look differ: another tazpod has opened or closed it, or it was closed from inside
  const found = await readOpenState(secrets);
  if (!found.ok) return found;
  if (found.value === "closing") return finishInterruptedLock(context, secrets);
  if (found.value === "changed") return fail(openStateChanged(context));
  if (found.value !== "closed") return ok(true);
  if (session.vault.sawOpen)
    return fail({ kind: "changed-meanwhile", detail: "The vault has just been locked from another shell" });
  const forgotten = await forgetOpen(project.vaultFolder);
  return forgotten.ok ? ok(false) : forgotten;
}

/** Brings a lock that was cut short to its end; what comes then is to be planned again. All was saved before it began. */
export function finishLocking(context: StepContext, secrets: SecretsFolder): Promise<Result<never>> {
  const { project, signal } = context;
  return withProjectLock(project.vaultFolder, signal, () => finishInterruptedLock(context, secrets));
}

async function finishInterruptedLock(
  { project, session }: StepContext,
  secrets: SecretsFolder,
): Promise<Result<never>> {
  const found = await readOpenState(secrets);
  if (!found.ok) return found;
  if (found.value === "closing") {
    const cleared = await clearFolder(secrets);
    // whoever holds on to what was there has nothing to do with what is opened anew
    if (!cleared.ok && cleared.failure.kind !== "still-held") return cleared;
    const forgotten = await forgetOpen(project.vaultFolder);
    if (!forgotten.ok) return forgotten;
  }
  session.vault.isLeaving = false;
  return fail({
    kind: "changed-meanwhile",
    detail: "Locking the vault had not come to its end, and has now",
  });
}
