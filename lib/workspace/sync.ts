import { makeFolder } from "../host/files.js";
import { ok, type Result } from "../failure/result.js";
import { readBase, writeBase } from "./sync-base.js";
import { type Change, type Conflict, type Decision, decide } from "./decide.js";
import { type Entry, isSame, isWithin, type Tree } from "./entry.js";
import { listHost } from "./list-host.js";
import type { WorkspaceContainer } from "./container-exec.js";
import { type ContainerListing, listContainer } from "./list-container.js";
import { type Applied, applyToHost } from "./apply-to-host.js";
import { applyToContainer } from "./apply-to-container.js";
import { printable } from "../host/printable.js";

/** What to sync. */
export interface SyncRequest {
  readonly inside: WorkspaceContainer;
  /** The id of the volume with the copy. */
  readonly volume: string;
  readonly root: string;
  readonly vaultFolder: string;
}

/** The result of a sync. */
export interface SyncResult {
  /** How many paths were changed in the container, and on the host. */
  readonly toContainer: number;
  readonly toHost: number;
  readonly conflicts: readonly Conflict[];
  /** Paths removed on one side and changed on the other, and kept on both. */
  readonly keptRemovals: readonly string[];
  /** Paths that were not synced, and the reason. */
  readonly skipped: ReadonlyMap<string, string>;
  /** Those of them that may be work that only the container has. */
  readonly notSynced: readonly string[];
}

/**
 * Syncs the project with its copy in the container, both ways. Never overwrites what only one side has; the common
 * state is written last, so an interrupted sync can be repeated. The caller holds the lock on the project.
 */
export async function syncWorkspace(request: SyncRequest, signal: AbortSignal): Promise<Result<SyncResult>> {
  const { inside, volume, root, vaultFolder } = request;
  const made = await makeFolder(vaultFolder);
  if (!made.ok) return made;
  const base = await readBase(vaultFolder, volume);
  if (!base.ok) return base;
  const [host, found] = await Promise.all([listHost(root, signal), listContainer(inside, signal)]);
  if (!host.ok) return host;
  if (!found.ok) return found;
  const copy = withoutOutward(found.value, host.value.entries, base.value);
  const decision = decide(base.value, host.value, copy);
  const hostResult = await applyToHost(
    { inside, root, vaultFolder, host: host.value, copy, signal },
    decision.toHost,
  );
  if (!hostResult.ok) return hostResult;
  const safe = decision.toContainer.filter((change) => isSafe(change, decision, hostResult.value));
  const containerResult = await applyToContainer({ inside, root, host: host.value, copy, signal }, safe);
  if (!containerResult.ok) return containerResult;
  const agreed = newBase(base.value, decision, hostResult.value, containerResult.value, safe);
  const written = await writeBase(vaultFolder, volume, agreed);
  if (!written.ok) return written;
  const skipped = new Map([...decision.stuck, ...hostResult.value.failed, ...containerResult.value.failed]);
  const { conflicts, stays: keptRemovals } = decision;
  const notSynced = [...skipped.keys()]
    .toSorted()
    .filter((path) => isNotSynced(path, decision, hostResult.value, copy));
  return ok({
    toContainer: containerResult.value.now.size,
    toHost: hostResult.value.now.size,
    ...{ conflicts, keptRemovals, skipped, notSynced },
  });
}

/** Skips links that lead outside the project, unless the host has the same. */
function withoutOutward(copy: ContainerListing, host: Tree, base: Tree | undefined): ContainerListing {
  const skipped = new Map(copy.skipped);
  for (const path of copy.outwardLinks) {
    const entry = copy.entries.get(path);
    if (!isSame(entry, host.get(path)) && !isSame(entry, base?.get(path)))
      skipped.set(path, "it is a link that leads outside the project");
  }
  return { ...copy, skipped };
}

/** Returns whether a change may be applied in the container: its own version must have reached the host first. */
function isSafe({ path }: Change, { conflicts }: Decision, { failed }: Applied): boolean {
  const kept = conflicts.filter((conflict) => conflict.path === path).map((conflict) => conflict.keptAs);
  return ![path, ...kept].some((one) => isWithin(one, failed));
}

/**
 * Returns whether skipping the path would lose work with the container; links that lead outside, pipes and host-only
 * files do not count.
 */
function isNotSynced(
  path: string,
  { stuck }: Decision,
  { failed }: Applied,
  copy: ContainerListing,
): boolean {
  if (failed.has(path) || copy.mayBeWork.has(path)) return true;
  return stuck.has(path) && !copy.skipped.has(path) && copy.entries.has(path);
}

/** Returns the new common state; for changes that failed, the previous one. */
function newBase(
  base: Tree | undefined,
  { merged, toHost, toContainer, stuck }: Decision,
  hostResult: Applied,
  containerResult: Applied,
  safe: readonly Change[],
): Tree {
  const result = new Map<string, Entry>();
  const open = new Set(
    [
      ...toHost.filter(({ path }) => !hostResult.now.has(path) || hostResult.failed.has(path)),
      ...toContainer.filter((change) => !safe.includes(change) || !containerResult.now.has(change.path)),
    ].map(({ path }) => path),
  );
  const isOpen = (path: string): boolean => open.has(path) || isWithin(path, stuck);
  for (const [path, entry] of base ?? []) if (isOpen(path)) result.set(path, entry);
  for (const [path, entry] of merged) {
    const now = containerResult.now.get(path) ?? hostResult.now.get(path) ?? entry;
    if (!isOpen(path)) result.set(path, now);
  }
  return result;
}

/** How many names of each kind are listed. */
const maxLines = 20;

/** Describes a sync in one sentence. */
export function syncSentence({ toContainer, toHost }: SyncResult): string {
  const count = (number: number): string => `${number} ${number === 1 ? "path" : "paths"}`;
  const moved = [
    ...(toContainer === 0 ? [] : [`${count(toContainer)} into the container`]),
    ...(toHost === 0 ? [] : [`${count(toHost)} back from it`]),
  ];
  return `Project synced: ${moved.length === 0 ? "nothing has changed" : moved.join(", ")}`;
}

/** Returns a line for everything that was not simply copied. */
export function syncNotes({ conflicts, keptRemovals, skipped }: SyncResult): string[] {
  return [
    ...listed(
      conflicts.map(
        ({ path, keptAs }) =>
          `Conflict: ${printable(path)} was changed here and in the container. This host's version was kept; the container's is in ${printable(keptAs)}.`,
      ),
    ),
    ...listed(
      keptRemovals.map(
        (path) => `${printable(path)} was removed on one side and changed on the other; it was kept.`,
      ),
    ),
    ...listed([...skipped].map(([path, why]) => `Not synced: ${printable(path)}: ${why}.`)),
  ];
}

function listed(lines: readonly string[]): readonly string[] {
  return lines.length <= maxLines
    ? lines
    : [...lines.slice(0, maxLines), `and ${lines.length - maxLines} more.`];
}
