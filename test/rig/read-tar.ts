import type { Readable } from "node:stream";
import { extract } from "tar-stream";

/** One entry as a plain reader sees it. */
export interface ReadEntry {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly mtime: number;
  readonly content: Buffer;
  readonly target: string | null;
}

/** All of a stream's bytes. */
export async function drain(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The entries of a tar archive, in its order. */
export async function readTar(bytes: Buffer): Promise<ReadEntry[]> {
  const parser = extract();
  parser.end(bytes);
  const entries: ReadEntry[] = [];
  for await (const entry of parser) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    const { name, type, mode, mtime, linkname } = entry.header;
    entries.push({
      name,
      type,
      mode,
      mtime: mtime.getTime() / 1000,
      content: Buffer.concat(chunks),
      target: linkname,
    });
  }
  return entries;
}
