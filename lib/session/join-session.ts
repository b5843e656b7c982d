import { clearFolder, forgetHolders } from "../secrets-folder/contents.js";
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
  /** No other session was open. */
  readonly alone: boolean;
  readonly leave: () => Promise<void>;
}

/**
 * Registers this run as an open shell, if the vault is still open or closed as this run last saw it. From then on no
 * other session locks the vault. Failure: `changed-meanwhile`.
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
    const alone = others.value.length === 0;
    if (open.value && !session.vault.unlockedHere && alone) terminal.print(foundOpenMessage);
    // parts opened with `unlock` stay open
    const shared = others.value.flatMap(({ parts }) => parts);
    session.parts.toClose = options.parts.filter((part) =>
      [...session.parts.opened, ...shared].includes(part),
    );
    const joined = await joinSession(project.vaultFolder, session.parts.toClose);
    return joined.ok ? ok({ open: open.value, alone, leave: joined.value }) : joined;
  });
}

const foundOpenMessage =
  "The vault was open without a shell: after `tazpod unlock`, or because a tazpod was killed. It is saved and locked when you leave.";

async function checkStillOpen(
  context: StepContext,
  secrets: SecretsFolder,
  state: ContainerState,
): Promise<Result<boolean>> {
  const { project, session } = context;
  const open = await isRecordedOpen(project.vaultFolder, state);
  if (!open.ok || open.value === session.vault.sawOpen) return open;
  // the record differs from what this run saw: another tazpod opened or closed the vault, or it was closed from inside
  const found = await readOpenState(secrets);
  if (!found.ok) return found;
  if (found.value === "closing") return finishInterruptedLock(context, secrets);
  if (found.value === "changed") return fail(await openStateChanged(context));
  if (found.value !== "closed") return ok(true);
  if (session.vault.sawOpen)
    return fail({ kind: "changed-meanwhile", detail: "Another shell has just locked the vault" });
  const forgotten = await forgetOpen(project.vaultFolder);
  return forgotten.ok ? ok(false) : forgotten;
}

/**
 * Completes a lock that was interrupted; everything was saved before it started. Always fails with `changed-meanwhile`,
 * so that the plan is made again.
 */
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
    // processes that still have old files open do not get in the way of a new unlock
    if (!cleared.ok && cleared.failure.kind !== "still-held") return cleared;
    const ended = cleared.ok ? cleared : await forgetHolders(secrets);
    if (!ended.ok) return ended;
    const forgotten = await forgetOpen(project.vaultFolder);
    if (!forgotten.ok) return forgotten;
  }
  session.vault.isLeaving = false;
  return fail({
    kind: "changed-meanwhile",
    detail: "A previous lock was interrupted; it is complete now",
  });
}
