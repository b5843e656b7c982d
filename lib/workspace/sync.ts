import { makeFolder } from "../host/files.js";
import { ok, type Result } from "../failure/result.js";
import { readBase, writeBase } from "./base.js";
import { type Change, type Conflict, type Decision, decide } from "./decide.js";
import { type Entry, isSame, isWithin, type Tree } from "./entry.js";
import { hostSide } from "./host-side.js";
import type { Inside } from "./inside.js";
import { type InsideSide, insideSide } from "./inside-side.js";
import { type Applied, applyToHost } from "./to-host.js";
import { applyInside } from "./to-inside.js";

export interface Carrying {
  readonly inside: Inside;
  /** The id of the volume that the copy is in. */
  readonly volume: string;
  readonly root: string;
  readonly vaultFolder: string;
}

export interface Carried {
  /** How many paths were changed in the container, and on the host. */
  readonly inward: number;
  readonly outward: number;
  readonly conflicts: readonly Conflict[];
  /** Removed on one side, changed on the other, and still there on both. */
  readonly stays: readonly string[];
  /** Not carried, and why. */
  readonly left: ReadonlyMap<string, string>;
  /** Those of them that are somebody's work, and only in the container. */
  readonly behind: readonly string[];
}

/**
 * Makes the project and its copy in the container alike. Nothing that only one side has is overwritten, and what was agreed
 * is written down last: cut short anywhere, the next one goes on from what it finds. Wants the project to itself.
 */
export async function carry(carrying: Carrying, signal: AbortSignal): Promise<Result<Carried>> {
  const { inside, volume, root, vaultFolder } = carrying;
  const made = await makeFolder(vaultFolder);
  if (!made.ok) return made;
  const base = await readBase(vaultFolder, volume);
  if (!base.ok) return base;
  const [host, found] = await Promise.all([hostSide(root, signal), insideSide(inside, signal)]);
  if (!host.ok) return host;
  if (!found.ok) return found;
  const copy = withoutOutward(found.value, host.value.entries, base.value);
  const decision = decide(base.value, host.value, copy);
  const out = await applyToHost({ inside, root, vaultFolder, host: host.value, signal }, decision.toHost);
  if (!out.ok) return out;
  const safe = decision.toInside.filter((change) => isSafe(change, decision, out.value));
  const inward = await applyInside({ inside, root, copy, signal }, safe);
  if (!inward.ok) return inward;
  const agreed = agreedOn(base.value, decision, out.value, inward.value, safe);
  const told = await writeBase(vaultFolder, volume, agreed);
  if (!told.ok) return told;
  const left = new Map([...decision.stuck, ...out.value.failed, ...inward.value.failed]);
  const { conflicts, stays } = decision;
  const behind = [...left.keys()].toSorted().filter((path) => isBehind(path, decision, out.value, copy));
  return ok({ inward: inward.value.now.size, outward: out.value.now.size, conflicts, stays, left, behind });
}

/** A link that the container leads out of the project stays there; the host's own may be in both. */
function withoutOutward(copy: InsideSide, host: Tree, base: Tree | undefined): InsideSide {
  const left = new Map(copy.left);
  for (const path of copy.outward) {
    const entry = copy.entries.get(path);
    if (!isSame(entry, host.get(path)) && !isSame(entry, base?.get(path)))
      left.set(path, "it is a link that leads out of the project");
  }
  return { ...copy, left };
}

/** What comes from the container has to be here before it is replaced there. */
function isSafe({ path }: Change, { conflicts }: Decision, { failed }: Applied): boolean {
  const kept = conflicts.filter((conflict) => conflict.path === path).map((conflict) => conflict.kept);
  return ![path, ...kept].some((one) => isWithin(one, failed));
}

/** Nothing is lost with a link that leads to what the container has of its own, a pipe, or what is only here. */
function isBehind(path: string, { stuck }: Decision, { failed }: Applied, copy: InsideSide): boolean {
  if (failed.has(path) || copy.work.has(path)) return true;
  return stuck.has(path) && !copy.left.has(path) && copy.entries.has(path);
}

/** What both sides have by now; of what was not done, what they had before. */
function agreedOn(
  base: Tree | undefined,
  { merged, toHost, toInside, stuck }: Decision,
  out: Applied,
  inward: Applied,
  safe: readonly Change[],
): Tree {
  const agreed = new Map<string, Entry>();
  const open = new Set(
    [
      ...toHost.filter(({ path }) => !out.now.has(path) || out.failed.has(path)),
      ...toInside.filter((change) => !safe.includes(change) || !inward.now.has(change.path)),
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
