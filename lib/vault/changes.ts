import type { DigestLine } from "./archive/manifest.js";

/** The paths that differ, each list sorted. Times are ignored. */
export type Changes = Readonly<Record<"added" | "changed" | "removed", readonly string[]>>;

/** Returns what differs between two archives' entries. */
export function changesBetween(before: readonly DigestLine[], after: readonly DigestLine[]): Changes {
  const [old, now] = [byPath(before), byPath(after)];
  const paths = (from: ReadonlyMap<string, string>, keep: (path: string) => boolean): string[] =>
    [...from.keys()].filter(keep).toSorted();
  return {
    added: paths(now, (path) => !old.has(path)),
    changed: paths(now, (path) => old.has(path) && old.get(path) !== now.get(path)),
    removed: paths(old, (path) => !now.has(path)),
  };
}

/** Returns one line per path, with `+`, `~` or `-` before it; names are escaped for the terminal. */
export function changeLines(changes: Changes): readonly string[] {
  return (["added", "changed", "removed"] as const).flatMap((kind) =>
    changes[kind].map((path) => `${signs[kind]} ${JSON.stringify(path).slice(1, -1)}`),
  );
}

const signs = { added: "+", changed: "~", removed: "-" } as const;

function byPath(lines: readonly DigestLine[]): Map<string, string> {
  return new Map(
    lines.map(({ entry: { path, type, mode, size, target }, sha256 }) => [
      path,
      JSON.stringify([type, mode, size, sha256, target]),
    ]),
  );
}
