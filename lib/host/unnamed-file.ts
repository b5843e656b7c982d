import { createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import { Readable } from "node:stream";
import { ok, type Result } from "../failure/result.js";
import { attempt } from "./file-failure.js";
import { createTemp } from "./temp-file.js";

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
    read: () =>
      size === 0
        ? Readable.from([])
        : createReadStream("", { fd: handle.fd, start: 0, end: size - 1, autoClose: false }),
    close: () => handle.close(),
  });
}
