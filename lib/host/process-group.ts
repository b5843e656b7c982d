import { setTimeout as sleep } from "node:timers/promises";

/** Time from the first signal to SIGKILL. */
export const killAfterMs = 2_000;

/**
 * Ends a process group: sends `signal` to all of it, and SIGKILL to the rest after two seconds. Returns when the group
 * is gone, or half a second after SIGKILL (an unreaped process stays in its group).
 */
export async function endGroup(group: number, signal: NodeJS.Signals): Promise<void> {
  send(group, signal);
  if (await isGone(group, killAfterMs)) return;
  send(group, "SIGKILL");
  await isGone(group, 500);
}

async function isGone(group: number, limitMs: number): Promise<boolean> {
  for (let waited = 0; waited < limitMs; waited += 20) {
    if (!send(group, 0)) return true;
    await sleep(20);
  }
  return !send(group, 0);
}

/** Returns false if the group does not exist. */
function send(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
