import { newestFirst } from "./history-name.js";
import type { HistoryCopy } from "./types.js";

/**
 * The names of the copies that are not of the newest `keep` writes. Copies of one write count once. Anything but a
 * whole number above 0 keeps everything.
 */
export function expired(copies: readonly HistoryCopy[], keep: number | undefined): readonly string[] {
  if (keep === undefined || !Number.isSafeInteger(keep) || keep < 1) return [];
  const writes = new Set<string>();
  const old: string[] = [];
  for (const { name, at, generation, mark } of newestFirst(copies)) {
    const write = `${at.getTime()} ${generation ?? ""} ${mark ?? ""}`;
    if (writes.size < keep) writes.add(write);
    if (!writes.has(write)) old.push(name);
  }
  return old;
}
