import { statEntry, placeFile, placeFolder, placeLink, removeAt, setMode } from "../host/folder-tree.js";
import { ok, type Result } from "../failure/result.js";
import type { Change } from "./decide.js";
import type { Entry } from "./entry.js";
import { fetchFiles } from "./fetch-files.js";
import type { ContainerListing } from "./list-container.js";
import type { HostListing } from "./list-host.js";
import type { WorkspaceContainer } from "./container-exec.js";

/** The result of applying changes to one side. */
export interface Applied {
  /** What each changed path has now. */
  readonly now: ReadonlyMap<string, Entry | undefined>;
  /** Changes that were not made, and the reason. */
  readonly failed: ReadonlyMap<string, string>;
}

interface HostUpdate {
  readonly inside: WorkspaceContainer;
  readonly root: string;
  readonly vaultFolder: string;
  readonly host: HostListing;
  readonly copy: ContainerListing;
  readonly signal: AbortSignal;
}

/**
 * Applies changes to the project on this host, without following links and only where nothing changed since it was
 * listed. A change that cannot be made is reported and leaves the path as it was. Failures: those of the container, and
 * of the disk while receiving.
 */
export async function applyToHost(
  receiving: HostUpdate,
  changes: readonly Change[],
): Promise<Result<Applied>> {
  const { inside, root, vaultFolder, host, copy, signal } = receiving;
  const now = new Map<string, Entry | undefined>();
  const failed = new Map<string, string>();
  const attempt = async (
    { path }: Change,
    entry: Entry | undefined,
    act: () => Promise<Result<void>>,
  ): Promise<void> => {
    const done = (await isAsSeen(receiving, path)) ? await act() : undefined;
    if (done?.ok === true) now.set(path, entry);
    else failed.set(path, done === undefined ? "it changed on this host in the meantime" : failureText(done));
  };
  const removals = changes.filter(
    ({ from, to }) =>
      from !== undefined && from.type !== to?.type && (to === undefined || isFolderOf(from, to)),
  );
  for (const change of removals.toReversed())
    await attempt(change, undefined, () => removeAt(root, change.path, change.from?.type === "directory"));
  const additions = changes.filter(({ path, to }) => to !== undefined && !failed.has(path));
  for (const change of additions) {
    const { path, from, to } = change;
    if (to?.type === "link") await attempt(change, to, () => placeLink(root, path, to.content, vaultFolder));
    else if (to !== undefined && from?.type === to.type && from.content === to.content)
      await attempt(change, to, () => setMode(root, path, to.mode));
    // writable until it is filled
    else if (to?.type === "directory")
      await attempt(change, to, () => placeFolder(root, path, to.mode | 0o700));
  }
  const files = additions.filter(
    ({ to, from }) => to?.type === "file" && !(from?.type === "file" && from.content === to.content),
  );
  const bySource = new Map<string, Change[]>();
  for (const change of files)
    bySource.set(change.sourcePath, [...(bySource.get(change.sourcePath) ?? []), change]);
  const fetched = await fetchFiles(
    { inside, folder: vaultFolder, copy, signal },
    [...bySource.keys()],
    async (source, { temp, sha256, mode }) => {
      for (const change of bySource.get(source) ?? [])
        await attempt(change, { type: "file", mode, content: sha256 }, () =>
          placeFile(root, change.path, temp),
        );
      return ok(undefined);
    },
  );
  if (!fetched.ok) return fetched;
  for (const { path } of files)
    if (!now.has(path) && !failed.has(path)) failed.set(path, "it changed in the container in the meantime");
  for (const { path, to } of additions.toReversed())
    if (to?.type === "directory" && (to.mode & 0o700) !== 0o700 && now.has(path))
      await setMode(root, path, to.mode);
  return ok({ now, failed });

  async function isAsSeen({ root: top }: HostUpdate, path: string): Promise<boolean> {
    const found = await statEntry(top, path);
    if (!found.ok) return false;
    // the path may have been removed just now
    const before = now.has(path) && now.get(path) === undefined ? undefined : host.found.get(path);
    if (before === undefined || found.value === undefined) return before === found.value;
    return found.value.kind === "directory"
      ? before.kind === "directory"
      : found.value.fingerprint === before.fingerprint;
  }
}

const isFolderOf = (from: Entry, to: Entry): boolean => from.type === "directory" || to.type === "directory";

function failureText(done: Result<void>): string {
  if (done.ok || done.failure.kind !== "file") return "the change failed";
  const { action, code, detail } = done.failure;
  return `could not ${action} it here: ${detail ?? code}`;
}
