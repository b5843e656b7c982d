/** A path of a project, as synced: times and owner stay each side's own. */
export interface Entry {
  readonly type: "file" | "directory" | "link";
  /** The low nine bits; 0o777 for a link. */
  readonly mode: number;
  /** SHA-256 (hex) of a file, target of a link, empty for a folder. */
  readonly content: string;
}

/** Entries by path, relative to the project, without `.tazpod`. */
export type Tree = ReadonlyMap<string, Entry>;

/** The content of one side. */
export interface Listing {
  readonly entries: Tree;
  /** Paths that are not synced, nor anything below, and the reason. */
  readonly skipped: ReadonlyMap<string, string>;
}

/** The top-level folder for tazpod's own files, which is never synced. */
export const reserved = ".tazpod";

/** Returns whether two entries are equal, or both missing. */
export function isSame(one: Entry | undefined, other: Entry | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.type === other.type && one.content === other.content && one.mode === other.mode;
}

/** Returns the folders above a path, outermost first. */
export function parentFolders(path: string): string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
}

/** Returns whether a path or a folder above it is in `paths`. */
export function isWithin(path: string, paths: { has(path: string): boolean }): boolean {
  return paths.has(path) || parentFolders(path).some((folder) => paths.has(folder));
}
