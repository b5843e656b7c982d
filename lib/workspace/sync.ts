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

export interface SyncRequest {
  readonly inside: WorkspaceContainer;
  /** The id of the volume that the copy is in. */
  readonly volume: string;
  readonly root: string;
  readonly vaultFolder: string;
}

export interface SyncResult {
  /** How many paths were changed in the container, and on the host. */
  readonly toContainer: number;
  readonly toHost: number;
  readonly conflicts: readonly Conflict[];
  /** Removed on one side, changed on the other, and still there on both. */
  readonly keptRemovals: readonly string[];
  /** Not carried, and why. */
  readonly skipped: ReadonlyMap<string, string>;
  /** Those of them that are somebody's work, and only in the container. */
  readonly notSynced: readonly string[];
}

/**
 * Makes the project and its copy in the container alike. Nothing that only one side has is overwritten, and what was agreed
 * is written down last: cut short anywhere, the next one goes on from what it finds. Wants the project to itself.
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
  const out = await applyToHost({ inside, root, vaultFolder, host: host.value, signal }, decision.toHost);
  if (!out.ok) return out;
  const safe = decision.toContainer.filter((change) => isSafe(change, decision, out.value));
  const inward = await applyToContainer({ inside, root, copy, signal }, safe);
  if (!inward.ok) return inward;
  const agreed = agreedOn(base.value, decision, out.value, inward.value, safe);
  const told = await writeBase(vaultFolder, volume, agreed);
  if (!told.ok) return told;
  const skipped = new Map([...decision.stuck, ...out.value.failed, ...inward.value.failed]);
  const { conflicts, stays: keptRemovals } = decision;
  const notSynced = [...skipped.keys()]
    .toSorted()
    .filter((path) => isNotSynced(path, decision, out.value, copy));
  return ok({
    toContainer: inward.value.now.size,
    toHost: out.value.now.size,
    ...{ conflicts, keptRemovals, skipped, notSynced },
  });
}

/** A link that the container leads out of the project stays there; the host's own may be in both. */
function withoutOutward(copy: ContainerListing, host: Tree, base: Tree | undefined): ContainerListing {
  const skipped = new Map(copy.skipped);
  for (const path of copy.outwardLinks) {
    const entry = copy.entries.get(path);
    if (!isSame(entry, host.get(path)) && !isSame(entry, base?.get(path)))
      skipped.set(path, "it is a link that leads out of the project");
  }
  return { ...copy, skipped };
}

/** What comes from the container has to be here before it is replaced there. */
function isSafe({ path }: Change, { conflicts }: Decision, { failed }: Applied): boolean {
  const kept = conflicts.filter((conflict) => conflict.path === path).map((conflict) => conflict.keptAs);
  return ![path, ...kept].some((one) => isWithin(one, failed));
}

/** Nothing is lost with a link that leads to what the container has of its own, a pipe, or what is only here. */
function isNotSynced(
  path: string,
  { stuck }: Decision,
  { failed }: Applied,
  copy: ContainerListing,
): boolean {
  if (failed.has(path) || copy.mayBeWork.has(path)) return true;
  return stuck.has(path) && !copy.skipped.has(path) && copy.entries.has(path);
}

/** What both sides have by now; of what was not done, what they had before. */
function agreedOn(
  base: Tree | undefined,
  { merged, toHost, toContainer, stuck }: Decision,
  out: Applied,
  inward: Applied,
  safe: readonly Change[],
): Tree {
  const agreed = new Map<string, Entry>();
  const open = new Set(
    [
      ...toHost.filter(({ path }) => !out.now.has(path) || out.failed.has(path)),
      ...toContainer.filter((change) => !safe.includes(change) || !inward.now.has(change.path)),
    ].map(({ path }) => path),
  );
  const isOpen = (path: string): boolean => open.has(path) || isWithin(path, stuck);
  for (const [path, entry] of base ?? []) if (isOpen(path)) agreed.set(path, entry);
  for (const [path, entry] of merged) {
    const now = inward.now.get(path) ?? out.now.get(path) ?? entry;
    if (!isOpen(path)) agreed.set(path, now);
  }
  return agreed;
}

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
