import { now } from "./clock.js";
import type { Work } from "./work-meter.js";

const timeUnits = [
  [86_400, "day", "days"],
  [3_600, "h", "h"],
  [60, "min", "min"],
] as const;

/** Formats a past time: "2 h ago". A time in the future, from another host's clock, is "just now". */
export function ago(time: Date): string {
  const seconds = (now().getTime() - time.getTime()) / 1000;
  for (const [length, one, many] of timeUnits) {
    const count = Math.floor(seconds / length);
    if (count >= 1) return `${count} ${count === 1 ? one : many} ago`;
  }
  return "just now";
}

const byteUnits = ["B", "KiB", "MiB", "GiB"] as const;

/** Formats a number of bytes: `1.5 MiB`. */
export function formatBytes(count: number): string {
  const power = Math.min(byteUnits.length - 1, count < 1 ? 0 : Math.floor(Math.log2(count) / 10));
  return power === 0 ? `${Math.round(count)} B` : `${(count / 1024 ** power).toFixed(1)} ${byteUnits[power]}`;
}

/** Formats the progress of long work: `sealed 34.0 MiB of 300.0 MiB (11 %), 12.1 MiB/s, 22 s left`. */
export function formatWork({ what, done, total, elapsedMs }: Work): string {
  const rate = elapsedMs < 500 ? 0 : (done / elapsedMs) * 1000;
  const parts = [`${what} ${formatBytes(done)}`];
  if (total !== undefined && total > 0)
    parts[0] += ` of ${formatBytes(total)} (${Math.min(100, Math.floor((100 * done) / total))} %)`;
  if (rate > 0) parts.push(`${formatBytes(rate)}/s`);
  if (rate > 0 && total !== undefined && total > done)
    parts.push(`${formatSeconds((total - done) / rate)} left`);
  return parts.join(", ");
}

/** Formats a time span: `22 s`, `3 min 5 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Formats a number of files: `1 file`, `12 files`. */
export function formatFileCount(files: number): string {
  return `${files} ${files === 1 ? "file" : "files"}`;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Returns the milliseconds of a duration: `30` (seconds), "500ms", "2m", "1h". The schema rejects anything else. */
export function durationMs(value: string | number): number {
  if (typeof value === "number") return Math.round(value * 1000);
  const match = /^([0-9.]+)(ms|s|m|h)$/.exec(value);
  const unit = unitMs[match?.[2] ?? ""];
  if (match === null || unit === undefined) throw new Error(`not a duration: ${value}`);
  return Math.round(Number(match[1]) * unit);
}

/** Returns the first names of a list and the count of the others: `a, b and 3 more`. */
export function listNames(names: readonly string[], most: number): string {
  const rest = names.length - most;
  return names.slice(0, most).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
