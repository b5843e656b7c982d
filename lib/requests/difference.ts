import { createHash } from "node:crypto";
import { structuredPatch } from "diff";
import { workspace } from "../engine/container-paths.js";
import { fail, ok, type Result } from "../failure/result.js";
import { formatBytes } from "../host/human.js";
import { readEntries } from "../vault/archive/tar-entries.js";
import type { WorkspaceContainer } from "../workspace/container-exec.js";
import type { ProjectCopy } from "./project-copy.js";

/** Larger files are named only, in bytes. */
const shownBytes = 256 * 1024;
/** New files that the command does not name are listed up to this number. */
const listedFiles = 50;
const gitMs = 10_000;

// the image's own git, in the container: a repository can name programs that git runs. There, another owner of it is no danger.
const listCommit = `cd "$1" || exit 1
command -v git >/dev/null || exit 3
git -c safe.directory='*' rev-parse --verify -q HEAD >/dev/null || exit 4
exec git -c safe.directory='*' ls-tree -r -z HEAD`;
const showBlob = `cd "$1" && exec git -c safe.directory='*' cat-file blob "$2"`;

/**
 * Compares a copy of the project with the last commit, as the container's git tells it: the files that a command names first,
 * as patches; then other changes. Returns lines, which are not cleaned. Failures: those of the engine, `precondition` without git
 * or commit.
 */
export async function differenceToCommit(
  copy: ProjectCopy,
  named: readonly string[],
  inside: WorkspaceContainer,
): Promise<Result<readonly string[]>> {
  const committed = await readCommit(inside);
  if (!committed.ok) return committed;
  const isNamed = (path: string): boolean =>
    named.some((name) => path === name || path.startsWith(`${name}/`));
  const changed: string[] = [];
  const added: string[] = [];
  for (const [path, hash] of await blobHashes(copy, committed.value)) {
    const before = committed.value.get(path);
    if (before === hash) continue;
    (before === undefined && !isNamed(path) ? added : changed).push(path);
  }
  const there = new Set(copy.entries.map(({ entry }) => entry.path));
  const removed = [...committed.value.keys()].filter(
    (path) => !there.has(path) && !path.startsWith(".tazpod/"),
  );
  const contents = await copy.contents(new Set(changed));
  const lines: string[] = [];
  for (const path of [...changed.filter(isNamed), ...changed.filter((path) => !isNamed(path))]) {
    const hash = committed.value.get(path);
    const before = hash === undefined ? ok(Buffer.alloc(0)) : await readBlob(inside, hash);
    if (!before.ok) return before;
    lines.push(...patch(path, before.value, contents.get(path), hash === undefined));
  }
  lines.push(...removed.map((path) => `removed: ${path}`));
  lines.push(...added.slice(0, listedFiles).map((path) => `not in the commit: ${path}`));
  if (added.length > listedFiles)
    lines.push(`and ${added.length - listedFiles} more that are not in the commit`);
  return ok(lines.length === 0 ? ["Nothing differs from the last commit."] : lines);
}

async function readCommit(inside: WorkspaceContainer): Promise<Result<ReadonlyMap<string, string>>> {
  const argv = ["sh", "-c", listCommit, "tazpod", workspace];
  const done = await inside.engine.exec(inside.container, argv, { user: inside.user, timeoutMs: gitMs });
  if (!done.ok) return done;
  const { code, stdout, stderr: detail } = done.value;
  if (code === 3) return unknown("the container has no git.");
  if (code === 4) return unknown("the project has no commit.");
  if (code !== 0) return unknown(detail);
  const lines = stdout.toString().split("\0");
  return ok(
    new Map(
      lines.flatMap((line) => {
        const [, hash = "", path = ""] = /^\d+ blob ([0-9a-f]+)\t(.+)$/s.exec(line) ?? [];
        return path === "" ? [] : [[path, hash] as const];
      }),
    ),
  );
}

const unknown = (message: string): Result<never> =>
  fail({ kind: "precondition", task: "requests", message: `The last commit is not known: ${message}` });

async function readBlob(inside: WorkspaceContainer, hash: string): Promise<Result<Buffer>> {
  const argv = ["sh", "-c", showBlob, "tazpod", workspace, hash];
  const done = await inside.engine.exec(inside.container, argv, { user: inside.user, timeoutMs: gitMs });
  if (!done.ok) return done;
  return done.value.code === 0 ? ok(done.value.stdout) : unknown(done.value.stderr);
}

/** Returns git's hash of every file and link of a copy, by path: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects. */
async function blobHashes(
  copy: ProjectCopy,
  committed: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const [some] = committed.values();
  const algorithm = some?.length === 64 ? "sha256" : "sha1";
  const found = new Map<string, string>();
  const tar = copy.tar();
  if (tar === undefined) return found;
  for await (const { entry, content } of readEntries(tar)) {
    if (entry.type === "directory") continue;
    const hash = createHash(algorithm);
    if (entry.type === "link") hash.update(`blob ${Buffer.byteLength(entry.target ?? "")}\0${entry.target}`);
    else {
      hash.update(`blob ${entry.size}\0`);
      for await (const chunk of content()) hash.update(chunk);
    }
    found.set(entry.path, hash.digest("hex"));
  }
  return found;
}

function patch(path: string, before: Buffer, after: Buffer | undefined, isNew: boolean): readonly string[] {
  const title = isNew ? `not in the commit: ${path}` : `changed: ${path}`;
  if (after === undefined) return [`${title} (now a link)`];
  const large = before.length + after.length > 2 * shownBytes;
  if (large || before.includes(0) || after.includes(0))
    return [`${title} (${formatBytes(before.length)}, now ${formatBytes(after.length)})`];
  const { hunks } = structuredPatch(path, path, before.toString(), after.toString(), "", "", { context: 3 });
  return [
    title,
    ...hunks.flatMap(({ oldStart, newStart, lines }) => [`@@ -${oldStart} +${newStart} @@`, ...lines]),
  ];
}
