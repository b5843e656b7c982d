import { Readable } from "node:stream";
import { Failed } from "../../failure/result.js";
import { feed } from "./tar-feed.js";
import { endOfTar, padding, tarHeader, type TarEntry } from "./tar-header.js";

/** An entry of a tar stream. Content that was not read is skipped when the next entry is requested. */
export interface StreamedEntry {
  readonly entry: TarEntry;
  readonly content: () => AsyncGenerator<Buffer>;
}

/** Reads the entries of a tar that `normalise` made. Throws the tar's error, and destroys the tar at the end. */
export async function* readEntries(tar: Readable): AsyncGenerator<StreamedEntry> {
  const { extract } = await import("./tar-parser.js");
  const parser = extract();
  const feeding = feed(tar, parser);
  try {
    for await (const source of parser) {
      const { name, type, mode, size, mtime, linkname } = source.header;
      const entry: TarEntry = {
        path: name.replace(/\/$/, ""),
        type: type === "directory" ? "directory" : type === "symlink" ? "link" : "file",
        ...{ mode, size, mtime: Math.floor(mtime.getTime() / 1000) },
        ...(type === "symlink" ? { target: linkname ?? "" } : {}),
      };
      let isRead = false;
      async function* content(): AsyncGenerator<Buffer> {
        isRead = true;
        yield* source as AsyncIterable<Buffer>;
      }
      yield { entry, content };
      if (!isRead) for await (const _ of source);
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

/** Yields an entry's bytes as in a tar. */
export async function* entryBytes({ entry, content }: StreamedEntry): AsyncGenerator<Buffer> {
  yield tarHeader(entry);
  yield* content();
  yield padding(entry.size);
}

/** Returns a tar of these entries' bytes; it ends after the last one. */
export function tarStream(pieces: AsyncGenerator<Buffer>): Readable {
  async function* whole(): AsyncGenerator<Buffer> {
    yield* pieces;
    yield endOfTar;
  }
  return Readable.from(whole(), { objectMode: false });
}

/** Returns a tar that `normalise` made, reduced to the wanted paths. */
export function filterTar(tar: Readable, wanted: (path: string) => boolean): Readable {
  async function* pieces(): AsyncGenerator<Buffer> {
    for await (const passing of readEntries(tar)) if (wanted(passing.entry.path)) yield* entryBytes(passing);
  }
  return tarStream(pieces());
}
