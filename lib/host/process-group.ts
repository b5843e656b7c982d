import { steadyTime } from "./clock.js";
import { setTimeout as sleep } from "node:timers/promises";
import { descendants, type Listed, listProcesses, signalProcess } from "./process-table.js";

/** Time from the first signal to SIGKILL, for programs of tazpod itself; those of a project have a setting, `grace`. */
const killAfterMs = 2_000;

/** Process groups of programs that run now. */
const running = new Set<number>();
/** Programs that are being ended now. */
const endings = new Set<Promise<void>>();

/** Remembers a process group until `ended` settles, so that `killAll` reaches it. */
export function trackGroup(group: number, ended: Promise<unknown>): void {
  running.add(group);
  const forget = (): void => void running.delete(group);
  ended.then(forget, forget);
}

/**
 * Ends a process group: sends `signal` to all of it. After `graceMs` it sends SIGKILL to what is left, and to the
 * children that left the group. Returns when the group is gone, or half a second after SIGKILL (an unreaped process
 * stays in its group).
 */
export function endGroup(group: number, signal: NodeJS.Signals, graceMs = killAfterMs): Promise<void> {
  return remember(async () => {
    send(group, signal);
    if (await isTrue(() => !send(group, 0), graceMs)) return;
    await killGroup(group);
    await isTrue(() => !send(group, 0), 500);
  });
}

/**
 * Ends a program that shares this process's group, with its children: sends `signal` to each, and SIGKILL to what is
 * left after `graceMs`.
 */
export function endTree(root: number, signal: NodeJS.Signals, graceMs = killAfterMs): Promise<void> {
  return remember(async () => {
    const first = await treeOf(root);
    for (const { pid } of first) signalProcess(pid, signal);
    const left = async (): Promise<Listed[]> => {
      const now = await listProcesses();
      // a process whose parent has ended is found by its start time, which tells it from a later one with its pid
      const known = now.filter(({ pid, start }) =>
        first.some((one) => one.pid === pid && one.start === start),
      );
      return descendants(now, (one) => known.includes(one));
    };
    if (await isTrue(async () => (await left()).length === 0, graceMs)) return;
    for (const { pid } of await left()) signalProcess(pid, "SIGKILL");
  });
}

/** Kills all programs that run now, with their children, without a grace time. */
export async function killAll(): Promise<void> {
  for (const group of running) await killGroup(group);
  for (const { pid } of (await treeOf(process.pid)).slice(1)) signalProcess(pid, "SIGKILL");
}

/** Returns when no program is being ended any more. */
export async function allEnded(): Promise<void> {
  await Promise.all(endings);
}

async function remember(end: () => Promise<void>): Promise<void> {
  const ending = end();
  endings.add(ending);
  try {
    await ending;
  } finally {
    endings.delete(ending);
  }
}

async function killGroup(group: number): Promise<void> {
  const listed = await listProcesses();
  for (const { pid } of descendants(listed, (one) => one.group === group)) signalProcess(pid, "SIGKILL");
  send(group, "SIGKILL");
}

/** Returns a process, first, and its children, theirs and so on. Without /proc, only the process. */
async function treeOf(root: number): Promise<readonly Listed[]> {
  const found = descendants(await listProcesses(), ({ pid }) => pid === root);
  return found.length === 0 ? [{ pid: root, parent: 0, group: 0, start: "" }] : found;
}

async function isTrue(holds: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
  const end = steadyTime() + limitMs;
  for (let pause = 20; !(await holds()); pause = Math.min(200, pause * 1.2)) {
    const left = end - steadyTime();
    if (left <= 0) return false;
    await sleep(Math.min(pause, left));
  }
  return true;
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
