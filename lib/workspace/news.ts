import { printable } from "../host/printable.js";
import type { Carried } from "./sync.js";

/** So many names are told of each kind. */
const most = 20;

/** What there is to tell of a carrying, a line each. */
export function carriedNews({ inward, outward, conflicts, stays, left }: Carried): string[] {
  const count = (number: number): string => `${number} ${number === 1 ? "path" : "paths"}`;
  const moved = [
    ...(inward === 0 ? [] : [`${count(inward)} into the container`]),
    ...(outward === 0 ? [] : [`${count(outward)} back from it`]),
  ];
  return [
    ...(moved.length === 0 ? [] : [`✔ carried: ${moved.join(", ")}`]),
    ...listed(
      conflicts.map(
        ({ path, kept }) =>
          `Conflict: ${printable(path)} was changed here and in the container. It is as it was here; the container's is ${printable(kept)}.`,
      ),
    ),
    ...listed(
      stays.map((path) => `${printable(path)} was removed on one side and changed on the other: it stays.`),
    ),
    ...listed([...left].map(([path, why]) => `Not carried: ${printable(path)}: ${why}.`)),
  ];
}

function listed(lines: readonly string[]): readonly string[] {
  return lines.length <= most
    ? lines
    : [...lines.slice(0, most), `and ${lines.length - most} more like that.`];
}
