/** One thing of a project, as far as it is carried: its times and its owner are each side's own. */
export interface Entry {
  readonly type: "file" | "directory" | "link";
  /** The low nine bits; 0o777 of a link. */
  readonly mode: number;
  /** Of a file, its SHA-256 in hex; of a link, where it leads; of a folder, nothing. */
  readonly content: string;
}

/** By path, relative to the project, without `.tazpod`. */
export type Tree = ReadonlyMap<string, Entry>;

/** What is on one side. */
export interface Listing {
  readonly entries: Tree;
  /** What is there and is not carried, and why, in words; neither is what lies below. */
  readonly skipped: ReadonlyMap<string, string>;
}

/** At the top of either side, for what is tazpod's own: it is never carried. */
export const reserved = ".tazpod";

export function isSame(one: Entry | undefined, other: Entry | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.type === other.type && one.content === other.content && one.mode === other.mode;
}

/** The folders above a path, the outermost first. */
export function parentFolders(path: string): string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
}

/** Whether a path, or a folder above it, is among these. */
export function isWithin(path: string, paths: { has(path: string): boolean }): boolean {
  return paths.has(path) || parentFolders(path).some((folder) => paths.has(folder));
}
