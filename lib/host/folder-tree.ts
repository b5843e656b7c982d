import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import { fail, ok, type Result } from "../failure/result.js";
import { attempt, attemptOptional } from "./file-failure.js";
import { copyAtomic, type TempFile, tempPath } from "./temp-file.js";

/** A file, folder or link below a folder. Links are not followed. */
export interface TreeEntry {
  /** Path relative to the folder. */
  readonly path: string;
  readonly kind: "file" | "directory" | "link" | "other";
  /** The low nine bits. */
  readonly mode: number;
  readonly bytes: number;
  /** Seconds since 1970, whole. */
  readonly mtime: number;
  /** For a link: its target. */
  readonly target: string;
  /** Differs for each state of the entry that can be told apart. */
  readonly fingerprint: string;
}

/** The result of listing a tree. */
export interface TreeListing {
  /** Parents come before their children. */
  readonly entries: readonly TreeEntry[];
  /** Unlisted folders and names that are not UTF-8, each with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** Lists everything below a folder, except for one name at its top. Follows no links. */
export async function listTree(root: string, without: string): Promise<Result<TreeListing>> {
  const entries: TreeEntry[] = [];
  const unreadable = new Map<string, string>();
  const visit = async (folder: string): Promise<Result<void>> => {
    const names = await attempt("list", join(root, folder), () => fs.readdir(join(root, folder)));
    if (!names.ok) return names;
    for (const name of names.value.toSorted()) {
      if (folder === "" && name === without) continue;
      const path = folder === "" ? name : `${folder}/${name}`;
      if (name.includes("\ufffd")) {
        unreadable.set(path, "its name is not UTF-8");
        continue;
      }
      // every parent was just seen to be a folder
      const one = await inspectEntry(root, path);
      if (!one.ok) return one;
      if (one.value === undefined) continue;
      entries.push(one.value);
      if (one.value.kind !== "directory") continue;
      const below = await visit(path);
      if (!below.ok) unreadable.set(path, "it cannot be listed");
    }
    return ok(undefined);
  };
  const visited = await visit("");
  return visited.ok ? ok({ entries, unreadable }) : visited;
}

/** Returns an entry, or undefined if it does not exist. Failure: `file`, also if a parent is a link. */
export async function statEntry(root: string, path: string): Promise<Result<TreeEntry | undefined>> {
  const parents = await withoutLinks(root, path);
  return parents.ok ? inspectEntry(root, path) : parents;
}

function inspectEntry(root: string, path: string): Promise<Result<TreeEntry | undefined>> {
  const full = join(root, path);
  return attemptOptional("look at", full, async () => {
    const one = await fs.lstat(full, { bigint: true });
    const kind = one.isFile()
      ? "file"
      : one.isDirectory()
        ? "directory"
        : one.isSymbolicLink()
          ? "link"
          : "other";
    return {
      ...{ path, kind, mode: Number(one.mode) & 0o777, bytes: Number(one.size) },
      mtime: Math.max(0, Math.floor(Number(one.mtimeMs) / 1000)),
      target: kind === "link" ? await fs.readlink(full) : "",
      fingerprint: `${one.dev} ${one.ino} ${one.size} ${one.mtimeNs} ${one.ctimeNs}`,
    };
  });
}

/**
 * Moves a complete temporary file to its place in the tree, atomically even across file systems. Replaces anything but
 * a folder.
 */
export async function placeFile(root: string, path: string, temp: TempFile): Promise<Result<void>> {
  const parents = await withoutLinks(root, path);
  if (!parents.ok) return parents;
  const full = join(root, path);
  const devices = await attempt("look at", full, () =>
    Promise.all([fs.stat(temp.path), fs.stat(dirname(full))]),
  );
  if (!devices.ok) return devices;
  const [from, to] = devices.value;
  return from.dev === to.dev ? temp.replace(full) : copyAtomic(temp.path, full);
}

/** Creates a link, replacing anything but a folder. It is made in `folder` first if that is on the same file system. */
export async function placeLink(
  root: string,
  path: string,
  target: string,
  folder: string,
): Promise<Result<void>> {
  const parents = await withoutLinks(root, path);
  if (!parents.ok) return parents;
  const full = join(root, path);
  const place = (temporary: string): Promise<Result<void>> =>
    attempt("create the link", full, async () => {
      await fs.symlink(target, temporary);
      await fs.rename(temporary, full).catch(async (error: unknown) => {
        await fs.rm(temporary, { force: true });
        throw error;
      });
    });
  const placed = await place(tempPath(folder, "carried"));
  const isApart = !placed.ok && placed.failure.kind === "file" && placed.failure.code === "EXDEV";
  return isApart ? place(tempPath(dirname(full), "carried")) : placed;
}

/** Creates a folder with this mode. Failure: `file`. */
export async function placeFolder(root: string, path: string, mode: number): Promise<Result<void>> {
  const parents = await withoutLinks(root, path);
  if (!parents.ok) return parents;
  return attempt("create the folder", join(root, path), async () => {
    await fs.mkdir(join(root, path));
    await fs.chmod(join(root, path), mode);
  });
}

/** Sets the mode of a file or folder; a link is a failure. */
export async function setMode(root: string, path: string, mode: number): Promise<Result<void>> {
  const one = await statEntry(root, path);
  if (!one.ok) return one;
  if (one.value?.kind !== "file" && one.value?.kind !== "directory")
    return fail({ kind: "file", action: "set the mode of", path: join(root, path), code: "ENOENT" });
  return attempt("set the mode of", join(root, path), () => fs.chmod(join(root, path), mode));
}

/** Removes a file, a link or an empty folder. */
export async function removeAt(root: string, path: string, isFolder: boolean): Promise<Result<void>> {
  const parents = await withoutLinks(root, path);
  if (!parents.ok) return parents;
  const full = join(root, path);
  const removed = await attemptOptional("remove", full, () => (isFolder ? fs.rmdir(full) : fs.unlink(full)));
  return removed.ok ? ok(undefined) : removed;
}

/** Checks that every parent of a path is a folder, not a link. */
async function withoutLinks(root: string, path: string): Promise<Result<void>> {
  for (const { index } of path.matchAll(/\//g)) {
    const folder = join(root, path.slice(0, index));
    const one = await attempt("look at", folder, () => fs.lstat(folder));
    if (!one.ok) return one;
    if (!one.value.isDirectory())
      return fail({
        kind: "file",
        action: "write below",
        path: folder,
        code: "ENOTDIR",
        detail: "it is not a folder",
      });
  }
  return ok(undefined);
}
