import type { Header } from "tar-stream";
import { Failed } from "../failure/result.js";
import { foldCase } from "../vault/archive/case-collisions.js";
import { checkLinkTarget, pathParts } from "../vault/archive/entry-policy.js";
import { reserved } from "./entry.js";

/** The meaning of a tar header from the container. */
export type ContainerEntry =
  | { readonly is: "file"; readonly path: string; readonly mode: number }
  | { readonly is: "folder"; readonly path: string; readonly mode: number }
  | { readonly is: "link"; readonly path: string; readonly target: string; readonly leadsOut: boolean }
  /** A hard link to the file at `target`. */
  | { readonly is: "hard-link"; readonly path: string; readonly mode: number; readonly target: string }
  /** Never synced; `isWork` when it may contain the user's work. */
  | { readonly is: "skipped"; readonly path: string; readonly why: string; readonly isWork: boolean }
  /** tazpod's own, or the root. */
  | { readonly is: "own" };

/**
 * Checks a header by the policy for vault archives, since the container is not trusted. Throws `Failed` when the next
 * header cannot be found.
 */
export function checkContainerEntry(header: Header): ContainerEntry {
  if (!Number.isSafeInteger(header.size))
    throw new Failed(unreadable(header.name, "its size is not a number"));
  // the parser returns endless content for such a folder
  if (header.type === "directory" && header.size !== 0)
    throw new Failed(unreadable(header.name, "a directory with content"));
  const path = plain(header.name);
  try {
    const parts = pathParts(header.name);
    const [top] = parts;
    if (top === undefined || top === reserved) return { is: "own" };
    const own = parts.join("/");
    if (foldCase(top) === reserved)
      return { is: "skipped", path: own, why: `the name ${reserved} is reserved for tazpod`, isWork: true };
    return known(header, own, parts.length - 1);
  } catch (error) {
    return { is: "skipped", path, why: reason(error), isWork: true };
  }
}

function known(header: Header, path: string, folders: number): ContainerEntry {
  const mode = (header.mode ?? 0) & 0o777;
  const sparse = Object.keys(header.pax ?? {}).some((key) => key.startsWith("GNU.sparse"));
  if (sparse) return { is: "skipped", path, why: "it is a sparse file", isWork: true };
  const target = header.linkname ?? "";
  switch (header.type) {
    case "directory":
      return { is: "folder", path, mode };
    case "file":
    case "contiguous-file":
      return { is: "file", path, mode };
    case "symlink":
      return { is: "link", path, target, leadsOut: leadsOut(path, folders, target) };
    case "link":
      return { is: "hard-link", path, mode, target: plain(target) };
    default:
      return { is: "skipped", path, why: "it is neither a file, a folder nor a link", isWork: false };
  }
}

function leadsOut(path: string, folders: number, target: string): boolean {
  try {
    checkLinkTarget(path, folders, target);
    return false;
  } catch (error) {
    reason(error);
    return true;
  }
}

const plain = (name: string): string => name.replace(/^(?:\.\/)+/, "").replace(/\/$/, "");

/** Rethrows anything but a refusal. */
function reason(error: unknown): string {
  if (!(error instanceof Failed) || error.failure.kind !== "archive-refused") throw error;
  return error.failure.detail;
}

function unreadable(entry: string, detail: string): Failed["failure"] {
  return { kind: "archive-refused", entry, detail };
}
