import type { Header } from "tar-stream";
import { Failed } from "../../failure/result.js";
import { foldCase } from "./case-collisions.js";
import type { VaultFormat } from "../vault-format.js";
import { latestTime, type TarEntry } from "./tar-header.js";

/** Linux allows 255 bytes for a name and 4,096 for a path; what the container puts before ours needs room too. */
const nameBytes = 255;
const pathBytes = 2048;
const depth = 64;
/** At the top, for what tazpod itself has in the RAM folder. */
const reserved = ".tazpod";

/** What to do with one entry of an archive. */
export type EntryDecision =
  | { readonly do: "keep"; readonly path: string; readonly entry: TarEntry }
  /** Left out; `report` says so to the user. */
  | { readonly do: "drop"; readonly path: string; readonly report: boolean };

/**
 * Judges one tar header. Only files, folders and relative links that stay inside are let through, with the low nine
 * mode bits. Throws `Failed` with `archive-refused` for all else, before any of the content is read.
 */
export function checkEntry(header: Header, format: VaultFormat): EntryDecision {
  // the parser gives null for a number that it cannot read
  for (const field of ["size", "mode"] as const) {
    if (!Number.isSafeInteger(header[field])) throw refused(header.name, `its ${field} is not a number`);
  }
  // also one that is left out: the parser gives such a folder a content that never ends
  if (header.type === "directory" && header.size !== 0)
    throw refused(header.name, "a directory that claims to have content");
  const parts = pathParts(header.name);
  const path = parts.join("/");
  if (parts.length === 0) {
    if (header.type !== "directory") throw refused(header.name, "it has no name");
    return { do: "drop", path: ".", report: false };
  }
  if (parts[0] === reserved) return { do: "drop", path, report: false };
  if (parts[0] !== undefined && foldCase(parts[0]) === reserved)
    throw refused(path, `where case does not count it is ${reserved}, which tazpod needs for itself`);
  const pax = header.pax ? Object.keys(header.pax) : [];
  if (pax.some((key) => key.startsWith("GNU.sparse"))) throw refused(path, "it is a sparse file");
  const type = entryType(header, path);
  if (path === ".vault_pass" && type !== "directory") return { do: "drop", path, report: true };
  const { size } = header;
  if (type !== "file" && size !== 0) throw refused(path, `a ${type} that claims to have content`);
  const entry: TarEntry = { path, type, mode: header.mode & 0o777, size, mtime: seconds(header.mtime) };
  if (type !== "link") return { do: "keep", path, entry };
  const target = header.linkname ?? ""; // null where there is none
  // The Go tazpod stores every link as one that points to its own path. There is nothing in it to keep.
  if (target === parts.at(-1) || (format === "v1" && target === path))
    return { do: "drop", path, report: true };
  if (format === "v1") throw refused(path, "it is a symbolic link, which the v1 format cannot hold");
  return { do: "keep", path, entry: { ...entry, target: checkLinkTarget(path, parts.length - 1, target) } };
}

/** A failure about one entry, whose name is cut to what a screen can bear. */
export function refused(name: string, detail: string): Failed {
  return new Failed({
    kind: "archive-refused",
    entry: name.length > 300 ? `${name.slice(0, 300)}…` : name,
    detail,
  });
}

/** The folders and the name of a path that stays inside. Throws `Failed` with `archive-refused` for every other. */
export function pathParts(name: string): string[] {
  if (name.includes("\0")) throw refused(name, "there is a NUL in its name");
  if (name.includes("\ufffd")) throw refused(name, "its name is not UTF-8");
  if (name.startsWith("/")) throw refused(name, "its path is absolute");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refused(name, "its path leads out with `..`");
  if (parts.length > depth) throw refused(name, `it is more than ${depth} folders deep`);
  if (parts.some((part) => Buffer.byteLength(part) > nameBytes))
    throw refused(name, `its name has more than ${nameBytes} bytes`);
  if (Buffer.byteLength(name) > pathBytes) throw refused(name, `its path has more than ${pathBytes} bytes`);
  return parts;
}

function entryType(header: Header, path: string): TarEntry["type"] {
  switch (header.type) {
    case "directory":
      return "directory";
    case "file":
    case "contiguous-file":
      // Old tars mark a folder by the slash alone.
      return header.name.endsWith("/") ? "directory" : "file";
    case "symlink":
      return "link";
    case "link":
      throw refused(path, "it is a hard link: two names of one file; make it a copy");
    case "character-device":
    case "block-device":
      throw refused(path, "it is a device");
    case "fifo":
      throw refused(path, "it is a named pipe (fifo)");
    default:
      throw refused(path, "it is neither a file, a folder nor a link");
  }
}

/**
 * Where a link with so many folders above it leads. `..` may only come first, and no more often than there are folders to
 * leave: so no chain of links leads out. Throws `Failed` with `archive-refused` for one that does.
 */
export function checkLinkTarget(path: string, folders: number, target: string): string {
  if (target === "" || target.includes("\0") || target.includes("\ufffd"))
    throw refused(path, "it is a link to an impossible name");
  if (target.startsWith("/"))
    throw refused(path, `it is a link to an absolute path, ${JSON.stringify(target)}`);
  if (Buffer.byteLength(target) > pathBytes) throw refused(path, "it is a link to an over-long path");
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const ups = parts.findIndex((part) => part !== "..");
  const leading = ups === -1 ? parts.length : ups;
  if (leading > folders || parts.slice(leading).includes(".."))
    throw refused(path, `it is a link that leads out, to ${JSON.stringify(target)}`);
  return target;
}

function seconds(mtime: Date): number {
  const value = Math.floor(mtime.getTime() / 1000);
  return Number.isFinite(value) ? Math.min(Math.max(value, 0), latestTime) : 0;
}
