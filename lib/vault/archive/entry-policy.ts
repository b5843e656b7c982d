import type { Header } from "tar-stream";
import { Failed } from "../../failure/result.js";
import { foldCase } from "./case-collisions.js";
import type { VaultFormat } from "../vault-format.js";
import { latestTime, type TarEntry } from "./tar-header.js";

/** Linux allows 255 bytes for a name and 4096 for a path, which includes the container's folders above ours. */
const nameBytes = 255;
const pathBytes = 2048;
const depth = 64;
/** The top-level folder for tazpod's own files in the secrets folder. */
const reserved = ".tazpod";

/** What to do with an archive entry. */
export type EntryDecision =
  | { readonly do: "keep"; readonly path: string; readonly entry: TarEntry }
  /** The entry is a hard link: a file with the content of the earlier entry `of`, whose size is not known here. */
  | { readonly do: "copy"; readonly path: string; readonly entry: TarEntry; readonly of: string }
  /** The entry is left out; `report` tells whether the user is informed. */
  | { readonly do: "drop"; readonly path: string; readonly report: boolean };

/**
 * Checks a tar header. Accepts only files, folders and relative links that stay inside, with the low nine mode bits.
 * When packing, also hard links, which become files; pipes and devices, which hold nothing, are left out. Throws
 * `Failed` (`archive-refused`) for anything else, before the content is read.
 */
export function checkEntry(header: Header, format: VaultFormat, packing = false): EntryDecision {
  // the parser returns null for a number that it cannot read
  for (const field of ["size", "mode"] as const) {
    if (!Number.isSafeInteger(header[field])) throw refused(header.name, `its ${field} is not a number`);
  }
  // also for dropped entries: the parser returns endless content for such a folder
  if (header.type === "directory" && header.size !== 0)
    throw refused(header.name, "a directory with content");
  const parts = pathParts(header.name);
  const path = parts.join("/");
  if (parts.length === 0) {
    if (header.type !== "directory") throw refused(header.name, "it has no name");
    return { do: "drop", path: ".", report: false };
  }
  if (parts[0] === reserved) return { do: "drop", path, report: false };
  if (parts[0] !== undefined && foldCase(parts[0]) === reserved)
    throw refused(path, `on a case-insensitive file system it is ${reserved}, which is reserved for tazpod`);
  const pax = header.pax ? Object.keys(header.pax) : [];
  if (pax.some((key) => key.startsWith("GNU.sparse"))) throw refused(path, "it is a sparse file");
  if (packing && holdsNothing.has(header.type ?? "file")) return { do: "drop", path, report: true };
  if (packing && header.type === "link") {
    const of = pathParts(header.linkname ?? "").join("/");
    const entry = {
      path,
      type: "file",
      mode: header.mode & 0o777,
      size: 0,
      mtime: seconds(header.mtime),
    } as const;
    return { do: "copy", path, entry, of };
  }
  const type = entryType(header, path);
  if (path === ".vault_pass" && type !== "directory") return { do: "drop", path, report: true };
  const { size } = header;
  if (type !== "file" && size !== 0) throw refused(path, `a ${type} with content`);
  const entry: TarEntry = { path, type, mode: header.mode & 0o777, size, mtime: seconds(header.mtime) };
  if (type !== "link") return { do: "keep", path, entry };
  const target = header.linkname ?? ""; // null where there is none
  // The Go tazpod stores every link with its own path as the target, so there is nothing to keep.
  if (target === parts.at(-1) || (format === "v1" && target === path))
    return { do: "drop", path, report: true };
  if (format === "v1") throw refused(path, "it is a symbolic link, which the v1 format cannot hold");
  return { do: "keep", path, entry: { ...entry, target: checkLinkTarget(path, parts.length - 1, target) } };
}

const holdsNothing = new Set<Header["type"] & string>(["fifo", "character-device", "block-device"]);

/** Returns a failure about an entry, with its name shortened for display. */
export function refused(name: string, detail: string): Failed {
  return new Failed({
    kind: "archive-refused",
    entry: name.length > 300 ? `${name.slice(0, 300)}…` : name,
    detail,
  });
}

/** Splits a path that stays inside into its folders and name. Throws `Failed` (`archive-refused`) for any other. */
export function pathParts(name: string): string[] {
  if (name.includes("\0")) throw refused(name, "its name contains NUL");
  if (name.includes("\ufffd")) throw refused(name, "its name is not UTF-8");
  if (name.startsWith("/")) throw refused(name, "its path is absolute");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refused(name, "its path leads outside with `..`");
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
      // Old tars mark a folder only by a trailing slash.
      return header.name.endsWith("/") ? "directory" : "file";
    case "symlink":
      return "link";
    case "link":
      throw refused(path, "it is a hard link; replace it with a copy");
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
 * Checks the target of a link below `folders` folders. `..` may only come first and at most once per folder, so no
 * chain of links leads outside. Throws `Failed` (`archive-refused`) otherwise.
 */
export function checkLinkTarget(path: string, folders: number, target: string): string {
  if (target === "" || target.includes("\0") || target.includes("\ufffd"))
    throw refused(path, "it is a link to an invalid name");
  if (target.startsWith("/"))
    throw refused(path, `it is a link to an absolute path, ${JSON.stringify(target)}`);
  if (Buffer.byteLength(target) > pathBytes) throw refused(path, "it is a link to a path that is too long");
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const ups = parts.findIndex((part) => part !== "..");
  const leading = ups === -1 ? parts.length : ups;
  if (leading > folders || parts.slice(leading).includes(".."))
    throw refused(path, `it is a link that leads outside, to ${JSON.stringify(target)}`);
  return target;
}

function seconds(mtime: Date): number {
  const value = Math.floor(mtime.getTime() / 1000);
  return Number.isFinite(value) ? Math.min(Math.max(value, 0), latestTime) : 0;
}

const reserve = 1024 * 1024;

/**
 * Returns how many bytes an archive may take in a secrets folder of this size; the rest is for names, folders and
 * tazpod's own files.
 */
export function archiveLimit(ramFolderBytes: number): number {
  return ramFolderBytes - Math.min(reserve, Math.floor(ramFolderBytes / 8));
}
