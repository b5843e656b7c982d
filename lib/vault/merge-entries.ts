import type { DigestLine } from "./archive/manifest.js";

/** The origin of an entry of the merged vault, and its path there. */
export interface Pick {
  readonly from: "ours" | "theirs";
  readonly path: string;
  readonly as: string;
}

/** A path that both sides changed in different ways. */
interface MergeConflict {
  readonly path: string;
  /** The names under which both are kept; or the path itself, where one side removed it. */
  readonly kept: readonly string[];
}

/** The decisions of a merge. */
export interface Merge {
  /** Folders first, so that their modes are set before they are filled. */
  readonly picks: readonly Pick[];
  readonly conflicts: readonly MergeConflict[];
  /** Paths that only this side added, changed or removed. */
  readonly fromOurs: readonly string[];
  readonly fromTheirs: readonly string[];
}

type Lines = readonly DigestLine[];
type Side = ReadonlyMap<string, DigestLine>;

/**
 * Merges two vaults' entries by path (three-way). Changes of one side since `base` are taken, including removals. A
 * path that both changed is kept as PATH.ours and PATH.theirs; one that one side removed and the other changed is kept.
 * Without `base`, nothing counts as removed and every difference is a conflict.
 */
export function mergeEntries(base: Lines | undefined, ours: Lines, theirs: Lines): Merge {
  return new Merger(base, ours, theirs).run();
}

class Merger {
  readonly #base: Side;
  readonly #ours: Side;
  readonly #theirs: Side;
  readonly #paths: Set<string>;
  readonly #picks: Pick[] = [];
  readonly #conflicts: MergeConflict[] = [];
  readonly #fromOurs: string[] = [];
  readonly #fromTheirs: string[] = [];

  constructor(base: Lines | undefined, ours: Lines, theirs: Lines) {
    this.#base = byPath(base ?? []);
    this.#ours = byPath(ours);
    this.#theirs = byPath(theirs);
    this.#paths = new Set([...this.#ours.keys(), ...this.#theirs.keys()]);
  }

  run(): Merge {
    for (const path of [...this.#paths].toSorted()) this.#decide(path);
    this.#keepFolders();
    const folders = this.#picks.filter((pick) => this.#isFolder(pick));
    const others = this.#picks.filter((pick) => !this.#isFolder(pick));
    return {
      picks: [...folders.toSorted((a, b) => (a.as < b.as ? -1 : 1)), ...others],
      conflicts: this.#conflicts,
      fromOurs: this.#fromOurs,
      fromTheirs: this.#fromTheirs,
    };
  }

  #decide(path: string): void {
    const [ours, theirs] = [this.#ours.get(path), this.#theirs.get(path)];
    if (same(ours, theirs)) return this.#take("ours", path);
    const before = this.#base.get(path);
    if (same(ours, before)) {
      this.#fromTheirs.push(path);
      if (theirs !== undefined) this.#take("theirs", path);
      return;
    }
    if (same(theirs, before)) {
      this.#fromOurs.push(path);
      if (ours !== undefined) this.#take("ours", path);
      return;
    }
    if (ours === undefined || theirs === undefined)
      this.#oneSided(path, ours === undefined ? "theirs" : "ours");
    else if (isFolder(ours) && isFolder(theirs)) this.#take("ours", path);
    else if (contentOf(ours) === contentOf(theirs))
      this.#take(ours.entry.mode === before?.entry.mode ? "theirs" : "ours", path);
    else this.#both(path, ours, theirs);
  }

  /** Handles a path that only one side has: added there, or changed there and removed on the other. */
  #oneSided(path: string, from: "ours" | "theirs"): void {
    this.#take(from, path);
    if (this.#base.get(path) !== undefined) this.#conflicts.push({ path, kept: [path] });
    else (from === "ours" ? this.#fromOurs : this.#fromTheirs).push(path);
  }

  /** Keeps both; a folder keeps its name, since both sides may have content in it. */
  #both(path: string, ours: DigestLine, theirs: DigestLine): void {
    const names = [
      isFolder(ours) ? path : this.#free(`${path}.ours`),
      isFolder(theirs) ? path : this.#free(`${path}.theirs`),
    ] as const;
    this.#picks.push({ from: "ours", path, as: names[0] }, { from: "theirs", path, as: names[1] });
    this.#conflicts.push({ path, kept: names });
  }

  /** Returns a name that neither vault uses. */
  #free(name: string): string {
    let free = name;
    for (let number = 2; this.#paths.has(free); number++) free = `${name}-${number}`;
    return free;
  }

  #take(from: "ours" | "theirs", path: string): void {
    this.#picks.push({ from, path, as: path });
  }

  /** Keeps a removed folder that still has content, and renames whatever took its name. */
  #keepFolders(): void {
    const holders = new Map(this.#picks.map((pick) => [pick.as, pick]));
    for (const { as } of [...this.#picks]) {
      for (let slash = as.lastIndexOf("/"); slash > 0; slash = as.lastIndexOf("/", slash - 1)) {
        const folder = as.slice(0, slash);
        const holder = holders.get(folder);
        if (holder !== undefined && this.#isFolder(holder)) continue;
        if (holder !== undefined) this.#rename(holder);
        const from = this.#isFolder({ from: "ours", path: folder }) ? "ours" : "theirs";
        if (this.#isFolder({ from, path: folder })) this.#take(from, folder);
        holders.set(folder, { from, path: folder, as: folder });
      }
    }
  }

  #rename(pick: Pick): void {
    const as = this.#free(`${pick.path}.${pick.from}`);
    this.#picks[this.#picks.indexOf(pick)] = { ...pick, as };
    this.#conflicts.push({ path: pick.path, kept: [as] });
  }

  #isFolder({ from, path }: Omit<Pick, "as">): boolean {
    const line = (from === "ours" ? this.#ours : this.#theirs).get(path);
    return line !== undefined && isFolder(line);
  }
}

function byPath(lines: Lines): Side {
  return new Map(lines.map((line) => [line.entry.path, line]));
}

function isFolder({ entry }: DigestLine): boolean {
  return entry.type === "directory";
}

/** Compares without times, like the digest. */
function same(a: DigestLine | undefined, b: DigestLine | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.entry.mode === b.entry.mode && contentOf(a) === contentOf(b);
}

function contentOf({ entry, sha256 }: DigestLine): string {
  return JSON.stringify([entry.type, sha256, entry.target ?? ""]);
}
