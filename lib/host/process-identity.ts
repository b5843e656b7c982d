import { readFile } from "node:fs/promises";
import { now, sleep } from "./clock.js";

/**
 * What tells a process from a later one with the same number: its start, in clock ticks since boot, with the boot's id.
 * Undefined when there is no such process (or no /proc to ask).
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    ]);
    // proc(5): the command's name is in parentheses and may hold anything; field 22 is the start time, 20 after the name
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // a zombie has ended, whoever has not waited for it yet
    return fields[0] === "Z" ? undefined : `${boot.trim()}-${fields[19] ?? ""}`;
  } catch {
    return undefined;
  }
}

/**
 * When a process began, in ms since 1970, to about a second. Undefined when there is no such process (or no /proc to
 * ask).
 */
export async function processStart(pid: number): Promise<number | undefined> {
  try {
    const [stat, uptime] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/uptime", "utf8"),
    ]);
    // in hundredths of a second since boot, whatever the kernel counts by itself
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    const start = now().getTime() - (Number(uptime.split(" ")[0]) - ticks / 100) * 1000;
    return Number.isFinite(start) ? start : undefined;
  } catch {
    return undefined;
  }
}

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
