import * as fs from "node:fs/promises";
import { Readable } from "node:stream";
import { ok, type Result } from "../failure/result.js";
import { attempt } from "./file-failure.js";
import { createTemp } from "./temp-file.js";

const pieceBytes = 256 * 1024;

/** A file without a name: it takes space on the disk until it is closed or this process ends, whatever the reason. */
export interface UnnamedFile {
  /** In bytes. */
  readonly size: number;
  /** Reads it from its beginning; several readers do not disturb each other. */
  read(): Readable;
  close(): Promise<void>;
}

/** Writes such a file in a folder. Failure: `file`; an error of `content` is thrown. */
export async function writeUnnamed(
  folder: string,
  content: AsyncIterable<Buffer>,
): Promise<Result<UnnamedFile>> {
  const temp = await createTemp(folder, "unnamed");
  if (!temp.ok) return temp;
  const { path } = temp.value;
  const opened = await attempt("open", path, async () => {
    const handle = await fs.open(path, "r");
    await fs.rm(path);
    return handle;
  });
  if (!opened.ok) {
    await temp.value.discard();
    return opened;
  }
  const handle = opened.value;
  let size = 0;
  try {
    for await (const chunk of content) {
      const written = await temp.value.write(chunk);
      if (!written.ok) return (await handle.close(), written);
      size += chunk.length;
    }
    const finished = await temp.value.finish();
    if (!finished.ok) return (await handle.close(), finished);
  } catch (error) {
    await handle.close();
    throw error;
  } finally {
    await temp.value.discard();
  }
  return ok({
    size,
    read: () => Readable.from(piecesOf(handle, size), { objectMode: false }),
    close: () => handle.close(),
  });
}

/** A stream of the file itself would close it at its own end. */
async function* piecesOf(handle: fs.FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
