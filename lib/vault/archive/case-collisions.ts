import type { TarEntry } from "./tar-header.js";

/** Folds a name as a file system that ignores case and Unicode normalisation does. */
export function foldCase(name: string): string {
  if (/^[\0-\x7f]*$/.test(name)) return name.toLowerCase();
  return name.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

/**
 * Finds names that collide with a link's on a case-insensitive file system, where writing below them would follow the
 * link. Collisions between two files or two folders are allowed: Linux has them.
 */
export class CaseCollisions {
  readonly #links = new Map<string, string>();
  readonly #others = new Map<string, string>();

  /** Returns the earlier path that this one, or a folder above it, collides with; otherwise records this one. */
  collisionOf({ path, type }: Pick<TarEntry, "path" | "type">): string | undefined {
    const paths = [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
    const others = type === "link" ? paths : [...paths, path];
    const folded = others.map(foldCase);
    const partner = folded
      .map((other) => this.#links.get(other))
      .find((link, index) => link !== undefined && link !== others[index]);
    const own = type === "link" ? this.#others.get(foldCase(path)) : undefined;
    const found = partner ?? (own === path ? undefined : own);
    if (found !== undefined) return found;
    for (const [index, other] of others.entries()) this.#others.set(folded[index] as string, other);
    if (type === "link") this.#links.set(foldCase(path), path);
    return undefined;
  }
}
