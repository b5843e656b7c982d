import { printable } from "../host/printable.js";
import type { SyncResult } from "./sync.js";

/** So many names are told of each kind. */
const maxLines = 20;

/** What there is to tell of a carrying, a line each. */
export function syncReport({ toContainer, toHost, conflicts, keptRemovals, skipped }: SyncResult): string[] {
  const count = (number: number): string => `${number} ${number === 1 ? "path" : "paths"}`;
  const moved = [
    ...(toContainer === 0 ? [] : [`${count(toContainer)} into the container`]),
    ...(toHost === 0 ? [] : [`${count(toHost)} back from it`]),
  ];
  return [
    ...(moved.length === 0 ? [] : [`✔ carried: ${moved.join(", ")}`]),
    ...listed(
      conflicts.map(
        ({ path, keptAs }) =>
          `Conflict: ${printable(path)} was changed here and in the container. It is as it was here; the container's is ${printable(keptAs)}.`,
      ),
    ),
    ...listed(
      keptRemovals.map(
        (path) => `${printable(path)} was removed on one side and changed on the other: it stays.`,
      ),
    ),
    ...listed([...skipped].map(([path, why]) => `Not carried: ${printable(path)}: ${why}.`)),
  ];
}

function listed(lines: readonly string[]): readonly string[] {
  return lines.length <= maxLines
    ? lines
    : [...lines.slice(0, maxLines), `and ${lines.length - maxLines} more like that.`];
}
