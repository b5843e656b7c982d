import { sleep } from "./clock.js";
import { processIdentity } from "./process-identity.js";

/**
 * Kills the process that has this number and identity, and waits until it is gone; one that has another identity by now is
 * left alone. False when it is still there after `limitMs`.
 */
export async function endProcess(pid: number, identity: string, limitMs = 10_000): Promise<boolean> {
  for (let waited = 0; waited <= limitMs; waited += 20) {
    if ((await processIdentity(pid)) !== identity) return true;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it went in this moment, or is not ours to kill: the next look tells
    }
    await sleep(20);
  }
  return false;
}
