import * as fs from "node:fs/promises";
import { isatty } from "node:tty";
import { now, sleep } from "./clock.js";

/**
 * Resolves true once no key has been pressed at our terminal for `ms`, to about eight seconds, as the kernel keeps it
 * with the terminal whoever reads from it; false when `over` aborts before, or there is no terminal.
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

/** When something was last read from the terminal, in ms since 1970. */
async function lastRead(): Promise<number> {
  const found = await fs.stat("/proc/self/fd/0").catch(() => undefined);
  return found?.atimeMs ?? 0;
}
