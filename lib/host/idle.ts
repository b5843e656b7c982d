import * as fs from "node:fs/promises";
import { isatty } from "node:tty";
import { now, sleep } from "./clock.js";

/**
 * Resolves to true once no key has been pressed in the terminal for `ms`. The kernel tracks that per terminal, to about
 * eight seconds. Resolves to false if `over` aborts first, or without a terminal.
 */
export async function waitUntilIdle(ms: number, over: AbortSignal): Promise<boolean> {
  const start = now().getTime();
  while (!over.aborted) {
    const last = Math.max(start, await lastRead());
    const left = last + ms - now().getTime();
    if (!isatty(0)) return false;
    if (left <= 0) return true;
    await sleep(left, over);
  }
  return false;
}

/** Returns when the terminal was last read from, in ms since 1970. */
async function lastRead(): Promise<number> {
  const found = await fs.stat("/proc/self/fd/0").catch(() => undefined);
  return found?.atimeMs ?? 0;
}
