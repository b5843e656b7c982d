import type { Carried } from "./carry.js";

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
          `Conflict: ${shown(path)} was changed here and in the container. It is as it was here; the container's is ${shown(kept)}.`,
      ),
    ),
    ...listed(
      stays.map((path) => `${shown(path)} was removed on one side and changed on the other: it stays.`),
    ),
    ...listed([...left].map(([path, why]) => `Not carried: ${shown(path)}: ${why}.`)),
  ];
}

/** A name of the container's must not play with the terminal. */
function shown(path: string): string {
  return /^[\p{L}\p{N}\p{P}\p{S} ]*$/u.test(path)
    ? path
    : JSON.stringify(path).replaceAll(/[\u007f-\u009f]/g, "?");
}

function listed(lines: readonly string[]): readonly string[] {
  return lines.length <= most
    ? lines
    : [...lines.slice(0, most), `and ${lines.length - most} more like that.`];
}
