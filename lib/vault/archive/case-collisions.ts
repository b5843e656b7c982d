import type { TarEntry } from "./tar-header.js";

/** As a file system has it that takes names for one which differ in case, or in how Unicode writes them. */
export function foldCase(name: string): string {
  return name.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

/**
 * Watches an archive for a name that such a file system takes for a link's: there, what is written under it goes where
 * the link leads. Two files or two folders that differ so are no trick: Linux has them.
 */
export class CaseCollisions {
  readonly #links = new Map<string, string>();
  readonly #others = new Map<string, string>();

  /** The path before it with which this one, or a folder above it, plays the trick; else it is remembered. */
  collisionOf({ path, type }: Pick<TarEntry, "path" | "type">): string | undefined {
    const paths = [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
    const others = type === "link" ? paths : [...paths, path];
    const partner = others
      .map((other) => this.#links.get(foldCase(other)))
      .find((link, index) => link !== undefined && link !== others[index]);
    const own = type === "link" ? this.#others.get(foldCase(path)) : undefined;
    const found = partner ?? (own === path ? undefined : own);
    if (found !== undefined) return found;
    for (const other of others) this.#others.set(foldCase(other), other);
    if (type === "link") this.#links.set(foldCase(path), path);
    return undefined;
  }
}
