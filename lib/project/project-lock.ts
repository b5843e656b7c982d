import { dirname, join } from "node:path";
import type { Failure } from "../failure/failure.js";
import { makeFolder } from "../host/files.js";
import { isLock, type Lock, type LockHolder, takeLock } from "../host/lock-file.js";
import { pathExists } from "../host/project-file.js";
import { removeLeftovers } from "../host/temp-file.js";
import { fail, type Result } from "../failure/result.js";
import { projectState } from "../host/project-state.js";

/** How long to wait for another tazpod of this project, in ms; longer than opening or saving a large vault takes. */
const lockTimeoutMs = 120_000;

/**
 * Runs `work` while no other tazpod of this project opens, saves or closes the vault, or joins the session. A lock of a
 * killed process does not count. If the folder is not writable (a full disk), `work` runs without the lock, so that a
 * vault can always be closed. `what: "workspace"` uses a separate lock for syncing the project, which may take long.
 * Failures: `project-gone`, `busy` after two minutes, `interrupted`, and those of `work`.
 */
export async function withProjectLock<T>(
  vaultFolder: string,
  signal: AbortSignal,
  work: () => Promise<Result<T>>,
  what: "session" | "workspace" = "session",
): Promise<Result<T>> {
  const root = dirname(dirname(vaultFolder));
  if (!(await pathExists(root))) return fail({ kind: "project-gone", root, container: undefined });
  const folder = projectState(vaultFolder);
  const path = join(folder, `${what}.lock`);
  // left next to the vault by a save that was killed
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
  // left by a process that was killed while taking the lock; harmless if it cannot be removed
  await removeLeftovers(folder);
  return takeLock(path, lockTimeoutMs, signal);
}

function isUnwritable(failure: Failure): boolean {
  return failure.kind === "file" && ["ENOSPC", "EDQUOT", "EROFS", "EACCES"].includes(failure.code);
}
