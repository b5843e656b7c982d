import { createHash } from "node:crypto";
import { workspace } from "../engine/paths.js";
import { Failed, fail, ok, type Result, settle } from "../failure/result.js";
import { feed } from "../vault/archive/tar-feed.js";
import type { Entry, Listing } from "./entry.js";
import { damaged, type Inside, packed } from "./inside.js";
import { judgeInside } from "./inside-entry.js";
import { packAll } from "./scripts.js";

export interface InsideSide extends Listing {
  /** How `stat` names each file and link for whoever wants to know whether it is still the same: time and size. */
  readonly looks: ReadonlyMap<string, string>;
  /** Links that lead out of the project: they stay where they are. */
  readonly outward: ReadonlySet<string>;
  /** What is left, and may well be files. */
  readonly work: ReadonlySet<string>;
}

/** A project has no more; what claims to would fill the memory. */
const mostEntries = 2_000_000;

/** The copy in the container, read as one tar; only its hashes are kept. */
export async function insideSide(inside: Inside, signal: AbortSignal): Promise<Result<InsideSide>> {
  const { tar, done } = packed(inside, packAll, signal);
  const { extract } = await import("../vault/archive/tar-parser.js");
  const parser = extract();
  const feeding = feed(tar, parser);
  const entries = new Map<string, Entry>();
  const left = new Map<string, string>();
  const looks = new Map<string, string>();
  const outward = new Set<string>();
  const work = new Set<string>();
  const read = await settle(async () => {
    try {
      for await (const source of parser) {
        const { header } = source;
        const judged = judgeInside(header);
        const hash = createHash("sha256");
        let size = 0;
        for await (const chunk of source as AsyncIterable<Buffer>) {
          size += chunk.length;
          hash.update(chunk);
        }
        if (judged.is === "ours") continue;
        const { path } = judged;
        const time = Math.floor(header.mtime.getTime() / 1000);
        if (entries.size + left.size > mostEntries) throw damaged(`it has more than ${mostEntries} entries`);
        if (judged.is === "left" && judged.isWork) work.add(path);
        if (judged.is === "left") left.set(path, judged.why);
        else if (judged.is === "folder")
          entries.set(path, { type: "directory", mode: judged.mode, content: "" });
        else if (judged.is === "file") {
          entries.set(path, { type: "file", mode: judged.mode, content: hash.digest("hex") });
          looks.set(path, `${time}:${size}`);
        } else if (judged.is === "link") {
          entries.set(path, { type: "link", mode: 0o777, content: judged.target });
          looks.set(path, `${time}:${Buffer.byteLength(judged.target)}`);
          if (judged.leadsOut) outward.add(path);
        } else if (judged.is === "again") {
          const [first, look] = [entries.get(judged.target), looks.get(judged.target)];
          if (first?.type !== "file" || look === undefined) {
            left.set(path, "it is one more name of what is not carried");
            work.add(path);
          } else {
            entries.set(path, first);
            looks.set(path, look);
          }
        }
      }
    } catch (error) {
      if (error instanceof Failed || error instanceof TypeError || error instanceof RangeError) throw error;
      throw damaged("it cannot be read to its end");
    } finally {
      parser.destroy();
      tar.destroy();
    }
    if (!feeding.endsInZeros()) throw damaged("it is cut short");
  });
  const complaints = await done;
  if (!complaints.ok) return complaints;
  if (!read.ok) return read;
  if (feeding.error() !== undefined) return fail(damaged("it cannot be read to its end").failure);
  for (const path of complaints.value.unread) {
    if (path === "" || path === ".")
      return fail({ kind: "save-incomplete", problems: [`${workspace} cannot be read`] });
    left.set(path, "the container's user cannot read it");
    work.add(path);
    entries.delete(path);
  }
  return ok({ entries, left, looks, outward, work });
}
