import { now } from "./clock.js";

const units = [
  [86_400, "day", "days"],
  [3_600, "h", "h"],
  [60, "min", "min"],
] as const;

/** "2 h ago"; a time that a clock of another host has put into the future is "just now". */
export function ago(time: Date): string {
  const seconds = (now().getTime() - time.getTime()) / 1000;
  for (const [length, one, many] of units) {
    const count = Math.floor(seconds / length);
    if (count >= 1) return `${count} ${count === 1 ? one : many} ago`;
  }
  return "just now";
}
