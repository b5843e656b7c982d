import { readFile } from "node:fs/promises";
import { now, sleep } from "./clock.js";

/**
 * Returns what tells a process from a later one with the same pid: the boot's id and the start time in clock ticks.
 * Undefined if there is no such process (or no /proc).
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([readFile(`/proc/${pid}/stat`, "utf8"), bootId()]);
    if (boot === undefined) return undefined;
    // field 22, 20 after the name, is the start time
    const fields = statFields(stat);
    // a zombie has ended, even if its parent has not waited for it yet
    return fields[0] === "Z" ? undefined : `${boot}-${fields[19] ?? ""}`;
  } catch {
    return undefined;
  }
}

/** Returns the fields of /proc/PID/stat after the name, which is in parentheses and may contain anything; see proc(5). */
export function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Returns the id of this boot of the machine; undefined without /proc. */
export async function bootId(): Promise<string | undefined> {
  const text = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => undefined);
  return text?.trim();
}

/**
 * Returns a process's start, in ms since 1970, accurate to about a second. Undefined if there is no such process (or no
 * /proc).
 */
export async function processStart(pid: number): Promise<number | undefined> {
  try {
    const [stat, uptime] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/uptime", "utf8"),
    ]);
    // in hundredths of a second since boot (USER_HZ), independent of the kernel's own tick rate
    const ticks = Number(statFields(stat)[19]);
    const start = now().getTime() - (Number(uptime.split(" ")[0]) - ticks / 100) * 1000;
    return Number.isFinite(start) ? start : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Kills the process with this pid and identity, and waits until it is gone. A process with another identity is left
 * alone. Returns false if it still exists after `limitMs`.
 */
export async function endProcess(pid: number, identity: string, limitMs = 10_000): Promise<boolean> {
  for (let waited = 0; waited <= limitMs; waited += 20) {
    if ((await processIdentity(pid)) !== identity) return true;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it ended just now or belongs to another user; the next check tells
    }
    await sleep(20);
  }
  return false;
}
