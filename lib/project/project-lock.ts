import { join } from "node:path";
import type { Failure } from "../failure/failure.js";
import { makeFolder } from "../host/files.js";
import { isLock, type Lock, type LockHolder, takeLock } from "../host/lock-file.js";
import { removeLeftovers } from "../host/temp-file.js";
import { fail, type Result } from "../failure/result.js";
import { projectState } from "../host/project-state.js";

/** How long another tazpod of this project is waited for, in ms: longer than opening or saving a large vault takes. */
const patienceMs = 120_000;

/**
 * Runs `work` while no other tazpod of this project opens, saves or closes the vault, or joins the session. One that was
 * killed meanwhile does not count. Where the folder cannot be written (a full disk), it runs all the same: closing a vault
 * must not hang on that. With `workspace` the same among those who carry the project: that may take long, and nobody else
 * is to wait for it. Failures: `busy` when another takes two minutes, `interrupted`, and those of `work`.
 */
export async function withProjectLock<T>(
  vaultFolder: string,
  signal: AbortSignal,
  work: () => Promise<Result<T>>,
  what: "session" | "workspace" = "session",
): Promise<Result<T>> {
  const folder = projectState(vaultFolder);
  const path = join(folder, `${what}.lock`);
  // a save that was killed left a file beside the vault
  await removeLeftovers(vaultFolder);
  const taken = await take(folder, path, signal);
  if (!taken.ok) return isUnwritable(taken.failure) ? work() : taken;
  if (!isLock(taken.value)) {
    if (signal.aborted) return fail({ kind: "interrupted", signal: String(signal.reason) });
    const { host, pid } = taken.value;
    return fail({ kind: "busy", path, host, pid });
  }
  try {
    return await work();
  } finally {
    await taken.value.release();
  }
}

async function take(folder: string, path: string, signal: AbortSignal): Promise<Result<Lock | LockHolder>> {
  const made = await makeFolder(folder);
  if (!made.ok) return made;
  // one that was killed while it took the lock left a file, too; where it cannot be removed, it is in nobody's way
  await removeLeftovers(folder);
  return takeLock(path, patienceMs, signal);
}

function isUnwritable(failure: Failure): boolean {
  return failure.kind === "file" && ["ENOSPC", "EDQUOT", "EROFS", "EACCES"].includes(failure.code);
}
