/** An edge of a graph; `tag` is returned with the cycle it closes. */
export interface Edge<T> {
  readonly to: string;
  readonly tag: T;
}

/** A cycle: its nodes in order, with the first one repeated at the end, and the tag of the closing edge. */
export interface Cycle<T> {
  readonly nodes: readonly string[];
  readonly tag: T;
}

/**
 * Finds cycles by a depth-first search, in the order of `nodes`: at least one per strongly connected component, at most
 * `limit`. Does not recurse, so chains may have any length.
 */
export function findCycles<T>(
  nodes: Iterable<string>,
  edgesOf: (node: string) => readonly Edge<T>[],
  limit = 10,
): readonly Cycle<T>[] {
  const state = new Map<string, "open" | "closed">();
  const cycles: Cycle<T>[] = [];
  for (const start of nodes) {
    if (state.has(start)) continue;
    const path: { readonly node: string; readonly edges: readonly Edge<T>[]; next: number }[] = [];
    const enter = (node: string): void => {
      state.set(node, "open");
      path.push({ node, edges: edgesOf(node), next: 0 });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = top.edges[top.next++];
      if (edge === undefined) {
        state.set(top.node, "closed");
        path.pop();
      } else if (!state.has(edge.to)) enter(edge.to);
      else if (state.get(edge.to) === "open") {
        const round = path.slice(path.findIndex(({ node }) => node === edge.to)).map(({ node }) => node);
        cycles.push({ nodes: [...round, edge.to], tag: edge.tag });
        if (cycles.length >= limit) return cycles;
      }
    }
  }
  return cycles;
}
