import type { DigestLine } from "./archive/manifest.js";

/** The paths that differ, each list sorted. Times do not count. */
export type Changes = Readonly<Record<"added" | "changed" | "removed", readonly string[]>>;

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

/** One path a line, with `+`, `~` or `-` before it, and nothing in it that a terminal would take for a command. */
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
