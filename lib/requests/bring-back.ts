import { escapePath } from "../secrets-folder/exec.js";
import { ok, type Result } from "../failure/result.js";
import type { DigestLine } from "../vault/archive/manifest.js";
import { entryBytes, tarStream } from "../vault/archive/tar-entries.js";
import { execScript, type WorkspaceContainer } from "../workspace/container-exec.js";
import { listProject, type ProjectCopy, readProject } from "./project-copy.js";

/** What a command's changes in its copy of the project did to the project. */
export interface BroughtBack {
  readonly written: readonly string[];
  readonly removed: readonly string[];
  /** Files that have changed in the project since the copy was made: the command's is under this other name. */
  readonly kept: readonly string[];
  /** What tar could not write. */
  readonly problem: string | undefined;
}

/** A script that unpacks its input into the folder `$1`. */
export const unpack = `cd "$1" && exec tar -xf -`;
// only where nothing else has come into a folder
const remove = `cd "$1" || exit 1
while IFS= read -r p; do
  f=$(printf '%bx' "./$p"); f=\${f%x}
  if [ -d "$f" ] && ! [ -L "$f" ]; then rmdir -- "$f"; else rm -f -- "$f"; fi
done 2>/dev/null; :`;

/**
 * Applies what a command changed in its copy of the project, in the container `from`, to the project in the container `to`.
 * It runs with the rights of the programs there. A file that has changed in the project since is kept, and so is one that the
 * command removed and that has changed. Failures: those of the engine.
 */
export async function bringBack(
  copy: ProjectCopy,
  from: WorkspaceContainer,
  to: WorkspaceContainer,
  { suffix, signal }: { readonly suffix: string; readonly signal: AbortSignal },
): Promise<Result<BroughtBack>> {
  const [after, live] = [await listProject(from, signal), await listProject(to, signal)];
  if (!after.ok) return after;
  if (!live.ok) return live;
  const [before, now, there] = [copy.entries, after.value.entries, live.value.entries].map(byPath) as [
    Lines,
    Lines,
    Lines,
  ];
  const changed = [...now.keys()].filter((path) => isDifferent(before.get(path), now.get(path)));
  const isUntouched = (path: string): boolean => !isDifferent(before.get(path), there.get(path));
  const names = new Map(
    changed.map((path) => {
      const isFree = isUntouched(path) || !isDifferent(now.get(path), there.get(path));
      return [path, isFree || now.get(path)?.entry.type === "directory" ? path : `${path}.${suffix}`];
    }),
  );
  const removed = [...before.keys()].filter((path) => !now.has(path) && isUntouched(path)).toReversed();
  const problem = names.size === 0 ? ok(undefined) : await write(from, to, names, signal);
  if (!problem.ok) return problem;
  if (removed.length > 0) {
    const input = `${removed.map(escapePath).join("\n")}\n`;
    const done = await execScript(to, remove, signal, input);
    if (!done.ok) return done;
  }
  const files = changed.filter((path) => now.get(path)?.entry.type !== "directory");
  return ok({
    written: files.filter((path) => names.get(path) === path),
    removed: removed.filter((path) => before.get(path)?.entry.type !== "directory"),
    kept: files.flatMap((path) => (names.get(path) === path ? [] : [names.get(path) ?? path])),
    problem: problem.value,
  });
}

/** Copies these paths under other names. Returns what tar complains of. */
async function write(
  from: WorkspaceContainer,
  to: WorkspaceContainer,
  names: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<Result<string | undefined>> {
  async function* pieces(): AsyncGenerator<Buffer> {
    for await (const { entry, content } of readProject(from, signal)) {
      const path = names.get(entry.path);
      if (path !== undefined) yield* entryBytes({ entry: { ...entry, path }, content });
    }
  }
  const done = await execScript(to, unpack, signal, tarStream(pieces()));
  if (done.ok) return ok(undefined);
  return done.failure.kind === "command-failed" ? ok(done.failure.detail) : done;
}

type Lines = ReadonlyMap<string, DigestLine>;

const byPath = (lines: readonly DigestLine[]): Lines => new Map(lines.map((line) => [line.entry.path, line]));

/** Compares as `archiveDigest` does: not the times. */
function isDifferent(one: DigestLine | undefined, other: DigestLine | undefined): boolean {
  if (one === undefined || other === undefined) return one !== other;
  const same = one.entry.type === other.entry.type && one.entry.mode === other.entry.mode;
  return !same || one.sha256 !== other.sha256 || one.entry.target !== other.entry.target;
}
