import { posix } from "node:path";
import type { Readable } from "node:stream";
import { workspace } from "../engine/container-paths.js";
import { makeFolder } from "../host/files.js";
import { projectState } from "../host/project-state.js";
import { type UnnamedFile, writeUnnamed } from "../host/unnamed-file.js";
import { Failed, ok, type Result, settle, take } from "../failure/result.js";
import type { DigestLine } from "../vault/archive/manifest.js";
import { normalise, summarise } from "../vault/archive/normalise.js";
import { readEntries } from "../vault/archive/tar-entries.js";
import type { WorkspaceContainer } from "../workspace/container-exec.js";
import type { NamedFile, RequestedCommand } from "./request.js";

/** The largest copy, in bytes, and how many of them a session keeps at once. */
export const copyLimit = 256 * 1024 ** 2;
const packMs = 120_000;

// without the repository and tazpod's own folder; what cannot be read is left out
const pack = `cd "$1" || exit 1
set --
for f in * .[!.]* ..?*; do
  case $f in .git | .tazpod) continue ;; esac
  if [ -e "$f" ] || [ -L "$f" ]; then set -- "$@" "./$f"; fi
done
# the end of a tar
[ "$#" = 0 ] && exec dd if=/dev/zero bs=1024 count=1
exec tar -cf - "$@"`;

/**
 * A copy of the project as it was when it was made, on this host's disk. It has no name there, so it is gone with this
 * process.
 */
export class ProjectCopy {
  /** Its files, folders and links, in the order of the tar. */
  readonly entries: readonly DigestLine[];
  /** See `archiveDigest`. */
  readonly digest: string;
  readonly files: number;
  readonly bytes: number;
  /** Paths that a copy cannot hold: devices, links that lead outside, and the like. */
  readonly leftOut: readonly string[];
  readonly #file: UnnamedFile | undefined;

  private constructor(
    found: Pick<ProjectCopy, "entries" | "digest" | "files" | "bytes" | "leftOut">,
    file: UnnamedFile | undefined,
  ) {
    ({ entries: this.entries, digest: this.digest, files: this.files } = found);
    ({ bytes: this.bytes, leftOut: this.leftOut } = found);
    this.#file = file;
  }

  /** A copy of nothing, for a command that must not see the project. */
  static readonly empty = new ProjectCopy(
    { entries: [], digest: "", files: 0, bytes: 0, leftOut: [] },
    undefined,
  );

  /**
   * Copies the project from its container; what is read is not trusted. Failures: `archive-too-large`, those of the
   * engine and of writing to `vaultFolder`'s state.
   */
  static async make(
    inside: WorkspaceContainer,
    vaultFolder: string,
    signal: AbortSignal,
  ): Promise<Result<ProjectCopy>> {
    const hardLinks = new Set<string>();
    for (;;) {
      const known = hardLinks.size;
      const made = await ProjectCopy.#makeOnce(inside, { vaultFolder, signal, hardLinks });
      // the content of a file with several names is in a tar only once, and is kept when that is known before
      if (!made.ok || hardLinks.size === known) return made;
      await made.value.end();
    }
  }

  static async #makeOnce(
    inside: WorkspaceContainer,
    {
      vaultFolder,
      signal,
      hardLinks,
    }: { readonly vaultFolder: string; readonly signal: AbortSignal; readonly hardLinks: Set<string> },
  ): Promise<Result<ProjectCopy>> {
    const folder = projectState(vaultFolder);
    const made = await makeFolder(folder);
    if (!made.ok) return made;
    const { tar, summary } = normalise(packed(inside, signal), {
      ...{ limitBytes: copyLimit, format: "age", lenient: true, hardLinks },
    });
    const file = await settle(async () => take(await writeUnnamed(folder, tar)));
    if (!file.ok) return file;
    const found = await summary;
    if (!found.ok) return (await file.value.close(), found);
    const { entries, digest, files, bytes, dropped: leftOut } = found.value;
    return ok(new ProjectCopy({ entries, digest, files, bytes, leftOut }, file.value));
  }

  /** Returns the copy as a tar; undefined for the empty one. */
  tar(): Readable | undefined {
    return this.#file?.read();
  }

  /** Returns the content of some files, by path. */
  async contents(paths: ReadonlySet<string>): Promise<ReadonlyMap<string, Buffer>> {
    const found = new Map<string, Buffer>();
    const tar = this.tar();
    if (tar === undefined) return found;
    for await (const { entry, content } of readEntries(tar)) {
      if (!paths.has(entry.path) || entry.type !== "file") continue;
      const chunks: Buffer[] = [];
      for await (const chunk of content()) chunks.push(chunk);
      found.set(entry.path, Buffer.concat(chunks));
    }
    return found;
  }

  /** Returns the files and folders that a command names: its program, arguments, and what follows `=` in one. */
  namedBy({ argv, folder }: RequestedCommand): readonly NamedFile[] {
    const [program = "", ...words] = argv;
    const candidates = [
      ...(program.includes("/") ? [program] : []),
      ...words.flatMap((word) => [word, ...(word.includes("=") ? [word.slice(word.indexOf("=") + 1)] : [])]),
    ];
    const paths = candidates
      .filter((word) => word !== "")
      .map((word) => posix.relative(workspace, posix.resolve(folder, word)))
      .filter((path) => path !== "" && path !== ".." && !path.startsWith("../"));
    return [...new Set(paths)].flatMap((path) => this.#describe(path) ?? []);
  }

  #describe(path: string): NamedFile | undefined {
    const line = this.entries.find(({ entry }) => entry.path === path);
    if (line === undefined) return undefined;
    const { type, size, mtime, target } = line.entry;
    const below =
      type === "directory" ? this.entries.filter(({ entry }) => entry.path.startsWith(`${path}/`)) : [];
    const newest = Math.max(mtime, ...below.map(({ entry }) => entry.mtime));
    return {
      ...{ path, type, bytes: below.reduce((sum, { entry }) => sum + entry.size, size) },
      modified: new Date(newest * 1000).toISOString(),
      ...(target === undefined ? {} : { target }),
    };
  }

  /** Frees its space on the disk. */
  async end(): Promise<void> {
    await this.#file?.close();
  }
}

/** Of a project as it is now; nothing is kept. Four times the limit, since a command may have made it larger. */
const listing = { limitBytes: 4 * copyLimit, format: "age", lenient: true } as const;

/** Returns the content digest and entries of a project as it is now. Failures: those of `ProjectCopy.make`. */
export function listProject(inside: WorkspaceContainer, signal: AbortSignal): ReturnType<typeof summarise> {
  return summarise(packed(inside, signal), { ...listing, hardLinks: new Set() });
}

/** Reads the files of a project as it is now, except for those that have other names. Throws the failures of `ProjectCopy.make`. */
export function readProject(inside: WorkspaceContainer, signal: AbortSignal): ReturnType<typeof readEntries> {
  return readEntries(normalise(packed(inside, signal), listing).tar);
}

function packed({ engine, container, user }: WorkspaceContainer, signal: AbortSignal): Readable {
  const argv = ["sh", "-c", pack, "tazpod", workspace];
  const { stdout, done } = engine.execPiped(container, argv, { user, signal, timeoutMs: packMs });
  // a file that cannot be read makes tar fail at its end, with a complete archive of the others
  void done.then((result) => (result.ok ? undefined : stdout.destroy(new Failed(result.failure))));
  return stdout;
}
