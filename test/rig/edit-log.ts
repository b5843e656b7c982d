/** Path and content of each file. No content is written twice, so that a content tells which edit wrote it. */
export type Contents = ReadonlyMap<string, string>;

/** What was done on a host: to a file whose content it saw (`replaces`), or to all of them. */
export type Change =
  | { readonly path: string; readonly content?: string; readonly replaces?: string }
  | { readonly back: Contents; readonly over: Contents };

/**
 * Knows what must be in a vault that several hosts have edited and merged: whatever was pushed and that nobody who saw it
 * has replaced, in its place or where a conflict has kept it; and nothing else.
 */
export class EditLog {
  readonly #written = new Set<string>();
  readonly #replaced = new Set<string>();
  /** Where a content may lie. */
  readonly #places = new Map<string, Set<string>>();
  /**
   * Kept by a conflict under another name: whoever replaces it under its old name leaves that. Or brought back by a restore
   * on one side and removed on the other.
   */
  readonly #keptTwice = new Set<string>();
  readonly #broughtBack = new Set<string>();

  get size(): number {
    return this.#written.size;
  }

  /** In the order in which they came to the remote. */
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

  /** A merge has listed it. */
  conflict(path: string, kept: readonly string[], sides: readonly Contents[]): void {
    for (const content of sides.flatMap((side) => side.get(path) ?? [])) {
      for (const name of kept) this.#place(content, name);
      const isHalfRemoved = this.#broughtBack.has(content) && sides.some((side) => !side.has(path));
      if (kept.some((name) => name !== path) || isHalfRemoved) this.#keptTwice.add(content);
    }
  }

  /** What is wrong with a vault that has everything in it, in words. */
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
