import { readdir, readFile } from "node:fs/promises";
import { processIdentity, statFields } from "./process-identity.js";

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

/** A process that has not ended. */
export interface Listed {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** In clock ticks since the boot. */
  readonly start: string;
}

/** Returns the processes of this host; none without /proc. */
export async function listProcesses(): Promise<Listed[]> {
  const names = await readdir("/proc").catch(() => []);
  const listed = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(readListed));
  return listed.filter((one) => one !== undefined);
}

/** Returns the processes that are roots, and all processes below them, each after its parent. */
export function descendants(all: readonly Listed[], isRoot: (one: Listed) => boolean): Listed[] {
  const found = new Set(all.filter(isRoot));
  const pids = new Set([...found].map(({ pid }) => pid));
  // the loop also visits what it adds
  for (const { pid } of found)
    for (const one of all)
      if (one.parent === pid && !pids.has(one.pid)) {
        found.add(one);
        pids.add(one.pid);
      }
  return [...found];
}

async function readListed(name: string): Promise<Listed | undefined> {
  const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
  const fields = statFields(stat);
  if (stat === "" || fields[0] === "Z") return undefined;
  const [, parent, group] = fields;
  return { pid: Number(name), parent: Number(parent), group: Number(group), start: fields[19] ?? "" };
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
    pid = Number(statFields(stat)[1] ?? 0);
  }
  return found;
}
