import { readdir, readFile } from "node:fs/promises";
import { processIdentity } from "./process-identity.js";

/**
 * Returns the processes that were started with `NAME=VALUE` in their environment, with their identities, except this
 * process and its ancestors. Only sees processes that this user may inspect.
 */
export async function processesWithVariable(variable: string, value: string): Promise<Map<number, string>> {
  const own = await ancestors();
  const found = new Map<number, string>();
  for (const name of await readdir("/proc").catch(() => [])) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || own.has(pid)) continue;
    const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (!environ.split("\0").includes(`${variable}=${value}`)) continue;
    const identity = await processIdentity(pid);
    if (identity !== undefined) found.set(pid, identity);
  }
  return found;
}

/** Sends a signal to a process, which may have ended. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended, or belongs to another user
  }
}

async function ancestors(): Promise<Set<number>> {
  const found = new Set<number>();
  for (let pid = process.pid; pid > 0 && !found.has(pid);) {
    found.add(pid);
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    // the parent is the second field after the name, which may contain anything
    pid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
  }
  return found;
}
