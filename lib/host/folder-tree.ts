import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import { fail, ok, type Result } from "../failure/result.js";
import { attempt, attemptOptional } from "./file-failure.js";
import { copyAtomic, type TempFile, tempPath } from "./temp-file.js";

/** One thing below a folder, itself and not what a link leads to. */
export interface TreeEntry {
  /** Relative to the folder. */
  readonly path: string;
  readonly kind: "file" | "directory" | "link" | "other";
  /** The low nine bits. */
  readonly mode: number;
  readonly bytes: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** Of a link: where it leads. */
  readonly target: string;
  /** Another one for every state that it can be told to be in. */
  readonly fingerprint: string;
}

export interface TreeListing {
  /** What is above comes first. */
  readonly entries: readonly TreeEntry[];
  /** Folders that could not be listed and names that are not UTF-8, with why, in words. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** Everything below a folder but for one name at its top; goes through no link. */
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
      // every folder above was seen to be one
      const one = await look(root, path);
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

/** Undefined where nothing is. Failure: `file`, also where a link is on the way there. */
export async function statEntry(root: string, path: string): Promise<Result<TreeEntry | undefined>> {
  const way = await withoutLinks(root, path);
  return way.ok ? look(root, path) : way;
}

function look(root: string, path: string): Promise<Result<TreeEntry | undefined>> {
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
 * Gives a file, all of it written, its place in the tree, in one step, also on another file system. Whatever is at the place
 * goes, unless it is a folder.
 */
export async function placeFile(root: string, path: string, temp: TempFile): Promise<Result<void>> {
  const way = await withoutLinks(root, path);
  if (!way.ok) return way;
  const full = join(root, path);
  const devices = await attempt("look at", full, () =>
    Promise.all([fs.stat(temp.path), fs.stat(dirname(full))]),
  );
  if (!devices.ok) return devices;
  const [from, to] = devices.value;
  return from.dev === to.dev ? temp.replace(full) : copyAtomic(temp.path, full);
}

/** A link, in the place of whatever is no folder; it is made in `folder` where that is on the same file system. */
export async function placeLink(
  root: string,
  path: string,
  target: string,
  folder: string,
): Promise<Result<void>> {
  const way = await withoutLinks(root, path);
  if (!way.ok) return way;
  const full = join(root, path);
  const place = (beside: string): Promise<Result<void>> =>
    attempt("create the link", full, async () => {
      await fs.symlink(target, beside);
      await fs.rename(beside, full).catch(async (error: unknown) => {
        await fs.rm(beside, { force: true });
        throw error;
      });
    });
  const placed = await place(tempPath(folder, "carried"));
  const isApart = !placed.ok && placed.failure.kind === "file" && placed.failure.code === "EXDEV";
  return isApart ? place(tempPath(dirname(full), "carried")) : placed;
}

export async function placeFolder(root: string, path: string, mode: number): Promise<Result<void>> {
  const way = await withoutLinks(root, path);
  if (!way.ok) return way;
  return attempt("create the folder", join(root, path), async () => {
    await fs.mkdir(join(root, path));
    await fs.chmod(join(root, path), mode);
  });
}

/** Of a file or a folder that is no link. */
export async function setMode(root: string, path: string, mode: number): Promise<Result<void>> {
  const one = await statEntry(root, path);
  if (!one.ok) return one;
  if (one.value?.kind !== "file" && one.value?.kind !== "directory")
    return fail({ kind: "file", action: "set the mode of", path: join(root, path), code: "ENOENT" });
  return attempt("set the mode of", join(root, path), () => fs.chmod(join(root, path), mode));
}

/** Removes one thing; a folder only when nothing is in it. */
export async function removeAt(root: string, path: string, isFolder: boolean): Promise<Result<void>> {
  const way = await withoutLinks(root, path);
  if (!way.ok) return way;
  const full = join(root, path);
  const removed = await attemptOptional("remove", full, () => (isFolder ? fs.rmdir(full) : fs.unlink(full)));
  return removed.ok ? ok(undefined) : removed;
}

/** Every folder on the way is one, and no link that leads elsewhere. */
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
        detail: "it is no folder",
      });
  }
  return ok(undefined);
}
