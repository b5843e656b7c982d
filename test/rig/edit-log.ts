/** Path and content of each file. Contents are unique, so that a content identifies its edit. */
export type Contents = ReadonlyMap<string, string>;

/** A change on a host: of a file with a known content (`replaces`), or of all files. */
export type Change =
  | { readonly path: string; readonly content?: string; readonly replaces?: string }
  | { readonly back: Contents; readonly over: Contents };

/**
 * Computes what a vault must contain after edits and merges on several hosts: everything that was pushed and not
 * replaced by a host that had seen it, at its place or where a conflict put it; and nothing else.
 */
export class EditLog {
  readonly #written = new Set<string>();
  readonly #replaced = new Set<string>();
  /** Where a content may be. */
  readonly #places = new Map<string, Set<string>>();
  /**
   * Contents kept by a conflict under another name, so that replacing the old name leaves them; or restored on one side
   * and removed on the other.
   */
  readonly #keptTwice = new Set<string>();
  readonly #broughtBack = new Set<string>();

  get size(): number {
    return this.#written.size;
  }

  /** In the order in which they reached the remote. */
  acknowledge(changes: readonly Change[]): void {
    for (const change of changes) {
      if ("back" in change) this.#restored(change.back, change.over);
      else {
        if (change.replaces !== undefined) this.#replaced.add(change.replaces);
        if (change.content === undefined) continue;
        this.#written.add(change.content);
        this.#place(change.content, change.path);
      }
    }
  }

  /** A merge reported it. */
  conflict(path: string, kept: readonly string[], sides: readonly Contents[]): void {
    for (const content of sides.flatMap((side) => side.get(path) ?? [])) {
      for (const name of kept) this.#place(content, name);
      const isHalfRemoved = this.#broughtBack.has(content) && sides.some((side) => !side.has(path));
      if (kept.some((name) => name !== path) || isHalfRemoved) this.#keptTwice.add(content);
    }
  }

  /** Describes what is wrong with a complete vault. */
  problems(vault: Contents): readonly string[] {
    const found = new Map<string, string[]>();
    for (const [path, content] of vault) found.set(content, [...(found.get(content) ?? []), path]);
    const lost = [...this.#written].filter((content) => !found.has(content) && !this.#replaced.has(content));
    const back = [...found.keys()].filter(
      (content) => this.#replaced.has(content) && !this.#keptTwice.has(content),
    );
    const misplaced = [...vault].filter(([path, content]) => this.#places.get(content)?.has(path) !== true);
    return [
      ...lost.map(
        (content) => `${content}, at ${[...(this.#places.get(content) ?? [])].join(" or ")}, is lost`,
      ),
      ...back.map((content) => `${content} was replaced, and is back at ${found.get(content)?.join(", ")}`),
      ...misplaced.map(([path, content]) => `${content} was never at ${path}`),
    ];
  }

  #restored(back: Contents, over: Contents): void {
    const [old, now] = [new Set(over.values()), new Set(back.values())];
    for (const content of old) if (!now.has(content)) this.#replaced.add(content);
    for (const [path, content] of back) {
      if (!old.has(content)) {
        this.#replaced.delete(content);
        this.#broughtBack.add(content);
      }
      this.#place(content, path);
    }
  }

  #place(content: string, path: string): void {
    this.#places.set(content, (this.#places.get(content) ?? new Set()).add(path));
  }
}
