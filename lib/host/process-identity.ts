import { readFile } from "node:fs/promises";

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
