import { Readable } from "node:stream";
import { Failed, take } from "../result.js";
import type { Secret } from "../secret.js";
import { normalise } from "./archive.js";
import type { Merge, Pick } from "./merge.js";
import { openVault } from "./open.js";
import { feed } from "./tar-feed.js";
import { endOfTar, padding, tarHeader, type TarEntry } from "./tar-header.js";

/** A sealed vault and what opens it. */
export interface Sealed {
  /** Absolute. */
  readonly path: string;
  readonly passphrase: Secret;
}

export interface MergedTar {
  readonly ours: Sealed;
  readonly theirs: Sealed;
  readonly merge: Merge;
}

/** The merged vault as a tar. It reads each of the two three times at most, and holds none of it in memory. */
export function mergedTar({ ours, theirs, merge }: MergedTar): Readable {
  async function* content(): AsyncGenerator<Buffer> {
    for (const folders of [true, false]) {
      yield* picked(ours, picksOf(merge, "ours"), folders);
      yield* picked(theirs, picksOf(merge, "theirs"), folders);
    }
    yield endOfTar;
  }
  return Readable.from(content(), { objectMode: false });
}

function picksOf({ picks }: Merge, from: Pick["from"]): ReadonlyMap<string, string> {
  return new Map(picks.filter((pick) => pick.from === from).map(({ path, as }) => [path, as]));
}

async function* picked(
  { path, passphrase }: Sealed,
  names: ReadonlyMap<string, string>,
  folders: boolean,
): AsyncGenerator<Buffer> {
  if (names.size === 0) return;
  const { extract } = await import("tar-stream");
  const opened = take(await openVault(path, passphrase));
  const { tar } = normalise(opened.tar, { limitBytes: Number.MAX_SAFE_INTEGER, format: opened.format });
  const parser = extract();
  const feeding = feed(tar, parser);
  try {
    for await (const source of parser) {
      const { name, type, mode, size, mtime, linkname } = source.header;
      const as = names.get(name.replace(/\/$/, ""));
      if (as === undefined || (type === "directory") !== folders) {
        for await (const _ of source);
        continue;
      }
      const entry: TarEntry = {
        path: as,
        type: type === "directory" ? "directory" : type === "symlink" ? "link" : "file",
        ...{ mode, size, mtime: Math.floor(mtime.getTime() / 1000) },
        ...(type === "symlink" ? { target: linkname ?? "" } : {}),
      };
      yield tarHeader(entry);
      for await (const chunk of source as AsyncIterable<Buffer>) yield chunk;
      yield padding(size);
    }
  } catch (error) {
    throw feeding.error() ?? error;
  } finally {
    parser.destroy();
    tar.destroy();
  }
  const error = feeding.error();
  if (error instanceof Failed) throw error;
}
