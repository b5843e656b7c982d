import { parentFolders, type Entry, isSame, isWithin, type Listing, type Tree } from "./entry.js";

/** The change of one path on one side. */
export interface Change {
  readonly path: string;
  readonly from: Entry | undefined;
  readonly to: Entry | undefined;
  /** The path on the other side, which may differ. */
  readonly sourcePath: string;
}

/** A file that both sides changed: on both, the host's version keeps the path, and the container's is at `keptAs`. */
export interface Conflict {
  readonly path: string;
  readonly keptAs: string;
}

/** The changes that make both sides equal. */
export interface Decision {
  /** What both sides have after all changes. */
  readonly merged: Tree;
  /** Sorted by path. */
  readonly toHost: readonly Change[];
  readonly toContainer: readonly Change[];
  readonly conflicts: readonly Conflict[];
  /** Paths removed on one side and changed on the other, which are kept. */
  readonly stays: readonly string[];
  /** Paths left alone on both sides with everything below, and the reason. */
  readonly stuck: ReadonlyMap<string, string>;
}

const clash = "it is a folder on one side and something else on the other";

/**
 * Decides the changes that make a project and its copy equal, given their last common state. Changes and removals of
 * one side are applied to the other. Without a `base`, nothing is removed and every difference counts as changed on
 * both sides.
 */
export function decide(base: Tree | undefined, host: Listing, container: Listing): Decision {
  const merged = new Map<string, Entry>();
  const sources = new Map<string, string>();
  const stuck = new Map<string, string>([...container.skipped, ...host.skipped]);
  const conflicts: Conflict[] = [];
  const stays: string[] = [];
  const paths = new Set([...host.entries.keys(), ...container.entries.keys()]);
  // parent folders come first
  for (const path of [...paths].toSorted()) {
    if (isWithin(path, stuck)) continue;
    const [before, here, there] = [base?.get(path), host.entries.get(path), container.entries.get(path)];
    const side = winner(before, here, there);
    if (side === "clash") stuck.set(path, clash);
    if (side === "stays") stays.push(path);
    const found = side === "host" ? here : side === "container" ? there : (here ?? there);
    if (side !== "clash" && found !== undefined) merged.set(path, found);
    if (side !== "both" || there === undefined) continue;
    const isFree = (name: string): boolean =>
      [host.entries, container.entries].every(
        (side) =>
          !side.has(name) ||
          (isSame(side.get(name), there) && !conflicts.some(({ keptAs }) => keptAs === name)),
      ) && !isWithin(name, stuck);
    const keptAs = conflictName(path, isFree);
    conflicts.push({ path, keptAs });
    sources.set(keptAs, path);
  }
  for (const { path, keptAs } of conflicts) {
    const there = container.entries.get(path);
    if (there !== undefined) merged.set(keptAs, there);
  }
  keepFolders(merged, stuck, [host, container]);
  for (const path of merged.keys()) if (isWithin(path, stuck)) merged.delete(path);
  const changes = (side: Listing): Change[] =>
    [...new Set([...side.entries.keys(), ...merged.keys()])].toSorted().flatMap((path) => {
      const [from, to] = [side.entries.get(path), merged.get(path)];
      if (isSame(from, to) || isWithin(path, stuck)) return [];
      return [{ path, from, to, sourcePath: (side === host ? sources.get(path) : undefined) ?? path }];
    });
  const [toHost, toContainer] = [changes(host), changes(container)];
  const isThere = ({ path }: { path: string }): boolean => !isWithin(path, stuck);
  return {
    ...{ merged, toHost, toContainer, stuck },
    conflicts: conflicts.filter(isThere),
    stays: stays.filter((path) => isThere({ path })),
  };
}

/**
 * Returns which side's state of a path wins; `both` when both changed it, `stays` when one changed what the other
 * removed.
 */
function winner(
  before: Entry | undefined,
  here: Entry | undefined,
  there: Entry | undefined,
): "host" | "container" | "both" | "stays" | "clash" {
  if (isSame(here, there) || isSame(there, before)) return "host";
  if (isSame(here, before)) return "container";
  if (here === undefined || there === undefined) return "stays";
  if (here.type === there.type && here.content === there.content) return "host";
  return here.type === "directory" || there.type === "directory" ? "clash" : "both";
}

/** Keeps folders that still have content; where one side has a file in their place, both sides are left alone. */
function keepFolders(
  merged: Map<string, Entry>,
  stuck: Map<string, string>,
  sides: readonly Listing[],
): void {
  const left = sides.flatMap(({ skipped: paths }) => [...paths.keys()]);
  for (const path of [...merged.keys(), ...left])
    for (const folder of parentFolders(path)) {
      if (isWithin(folder, stuck)) break;
      const found =
        merged.get(folder) ??
        sides.map(({ entries }) => entries.get(folder)).find((entry) => entry?.type === "directory");
      if (found?.type === "directory") merged.set(folder, found);
      else if (merged.has(folder) || !left.includes(path)) {
        stuck.set(folder, clash);
        break;
      }
    }
}

/** Below Linux's limit of 255 bytes for a name, with room for the suffix. */
const roomBytes = 230;

/** Returns an unused name for the container's version: `NAME.theirs`, or with a number. */
function conflictName(path: string, isFree: (path: string) => boolean): string {
  const slash = path.lastIndexOf("/") + 1;
  let name = path.slice(slash);
  while (Buffer.byteLength(name) > roomBytes) name = [...name].slice(0, -1).join("");
  for (let count = 1; ; count++) {
    const found = `${path.slice(0, slash)}${name}.theirs${count === 1 ? "" : `-${count}`}`;
    if (isFree(found)) return found;
  }
}
