import { createHash } from "node:crypto";
import { workspace } from "../engine/container-paths.js";
import { meter } from "../host/work-meter.js";
import { Failed, fail, ok, type Result, settle } from "../failure/result.js";
import { feed } from "../vault/archive/tar-feed.js";
import type { Entry, Listing } from "./entry.js";
import { damagedTar, type WorkspaceContainer, packFiles } from "./container-exec.js";
import { checkContainerEntry } from "./container-entry.js";
import { packAll } from "./sync-scripts.js";

/** The copy's content. */
export interface ContainerListing extends Listing {
  /** Modification time and size of each file and link, as `stat` prints them, to detect later changes. */
  readonly stamps: ReadonlyMap<string, string>;
  /** Links that lead outside the project, which are not synced. */
  readonly outwardLinks: ReadonlySet<string>;
  /** Skipped paths that may contain the user's work. */
  readonly mayBeWork: ReadonlySet<string>;
}

/** Returns the bytes of a file as it was listed; 0 for what was not. */
export function listedBytes({ stamps }: ContainerListing, path: string): number {
  return Number(stamps.get(path)?.split(":")[1] ?? 0);
}

/** No project has more; a larger claim would fill the memory. */
const maxEntries = 2_000_000;

/** Lists the copy in the container from one tar stream; keeps only hashes. */
export async function listContainer(
  inside: WorkspaceContainer,
  signal: AbortSignal,
): Promise<Result<ContainerListing>> {
  const { tar, done } = packFiles(inside, packAll, signal);
  const { extract } = await import("../vault/archive/tar-parser.js");
  const parser = extract();
  const feeding = feed(tar, parser);
  const count = meter("read");
  let passed = 0;
  const entries = new Map<string, Entry>();
  const skipped = new Map<string, string>();
  const stamps = new Map<string, string>();
  const outwardLinks = new Set<string>();
  const mayBeWork = new Set<string>();
  const read = await settle(async () => {
    try {
      for await (const source of parser) {
        const { header } = source;
        const checked = checkContainerEntry(header);
        const hash = createHash("sha256");
        let size = 0;
        for await (const chunk of source as AsyncIterable<Buffer>) {
          size += chunk.length;
          count((passed += chunk.length));
          hash.update(chunk);
        }
        if (checked.is === "own") continue;
        const { path } = checked;
        const time = Math.floor(header.mtime.getTime() / 1000);
        if (entries.size + skipped.size > maxEntries)
          throw damagedTar(`it has more than ${maxEntries} entries`);
        if (checked.is === "skipped" && checked.isWork) mayBeWork.add(path);
        if (checked.is === "skipped") skipped.set(path, checked.why);
        else if (checked.is === "folder")
          entries.set(path, { type: "directory", mode: checked.mode, content: "" });
        else if (checked.is === "file") {
          entries.set(path, { type: "file", mode: checked.mode, content: hash.digest("hex") });
          stamps.set(path, `${time}:${size}`);
        } else if (checked.is === "link") {
          entries.set(path, { type: "link", mode: 0o777, content: checked.target });
          stamps.set(path, `${time}:${Buffer.byteLength(checked.target)}`);
          if (checked.leadsOut) outwardLinks.add(path);
        } else if (checked.is === "hard-link") {
          const [first, look] = [entries.get(checked.target), stamps.get(checked.target)];
          if (first?.type !== "file" || look === undefined) {
            skipped.set(path, "it is a hard link to a file that is not synced");
            mayBeWork.add(path);
          } else {
            entries.set(path, first);
            stamps.set(path, look);
          }
        }
      }
    } catch (error) {
      if (error instanceof Failed || error instanceof TypeError || error instanceof RangeError) throw error;
      throw damagedTar("it cannot be read to its end");
    } finally {
      parser.destroy();
      tar.destroy();
    }
    if (!feeding.endsInZeros()) throw damagedTar("it is truncated");
  });
  const warnings = await done;
  if (!warnings.ok) return warnings;
  if (!read.ok) return read;
  if (feeding.error() !== undefined) return fail(damagedTar("it cannot be read to its end").failure);
  for (const path of warnings.value.unread) {
    if (path === "" || path === ".")
      return fail({ kind: "save-incomplete", problems: [`${workspace} cannot be read`] });
    skipped.set(path, "the container's user cannot read it");
    mayBeWork.add(path);
    entries.delete(path);
  }
  return ok({ entries, skipped, stamps, outwardLinks, mayBeWork });
}
