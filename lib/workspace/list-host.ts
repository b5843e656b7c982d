import { join } from "node:path";
import { fileHash } from "../host/file-hash.js";
import { type TreeEntry, listTree } from "../host/folder-tree.js";
import { fail, ok, type Result } from "../failure/result.js";
import { foldCase } from "../vault/archive/case-collisions.js";
import { type Entry, type Listing, reserved } from "./entry.js";

/** The project's content, and the files as found on the disk. */
export interface HostListing extends Listing {
  readonly found: ReadonlyMap<string, TreeEntry>;
}

/** Lists the project on this host. Failures: `file`, `interrupted`. */
export async function listHost(root: string, signal: AbortSignal): Promise<Result<HostListing>> {
  const below = await listTree(root, reserved);
  if (!below.ok) return below;
  const entries = new Map<string, Entry>();
  const skipped = new Map(below.value.unreadable);
  for (const one of below.value.entries) {
    if (signal.aborted) return fail({ kind: "interrupted", signal: String(signal.reason) });
    const { path, kind, mode, target } = one;
    if (kind === "other") skipped.set(path, "it is neither a file, a folder nor a link");
    else if (foldCase(path.split("/", 1)[0] ?? "") === reserved)
      skipped.set(path, `the name ${reserved} is reserved for tazpod`);
    else if (kind === "link") entries.set(path, { type: "link", mode: 0o777, content: target });
    else if (kind === "directory") entries.set(path, { type: "directory", mode, content: "" });
    else {
      const hash = await fileHash(join(root, path), signal);
      if (hash.ok) entries.set(path, { type: "file", mode, content: hash.value });
      else if (hash.failure.kind === "interrupted") return hash;
      else skipped.set(path, "it cannot be read");
    }
  }
  return ok({ entries, skipped, found: new Map(below.value.entries.map((one) => [one.path, one])) });
}
