import type { FileHandle } from "node:fs/promises";
import { ok, type Result } from "../failure/result.js";
import { attempt } from "./file-failure.js";

/** Bytes per write: a chunk of a download is 64 KiB, and a system call costs about as much as writing that. */
const chunkBytes = 1024 ** 2;
/** Bytes after which a sync is started in the background, so that less is left at the end. */
const syncEvery = 16 * 1024 ** 2;

/**
 * Appends to an open file without waiting for the disk. Errors are returned by a later call, at the latest by `finish`,
 * and by every call after that.
 */
export class Writer {
  readonly #path: string;
  readonly #handle: FileHandle;
  #open = true;
  #pieces: Buffer[] = [];
  #gathered = 0;
  #unsynced = 0;
  #isSyncing = false;
  #finished: Promise<Result<void>> | undefined;
  #writing: Promise<Result<void>> = Promise.resolve(ok(undefined));
  #syncing: Promise<Result<void>> = Promise.resolve(ok(undefined));

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  async write(data: string | Uint8Array): Promise<Result<void>> {
    const piece =
      typeof data === "string"
        ? Buffer.from(data)
        : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    this.#pieces.push(piece);
    this.#gathered += piece.length;
    return this.#gathered < chunkBytes ? ok(undefined) : this.#flush();
  }

  /** Syncs all data to the disk and closes the file. May be called again. */
  finish(): Promise<Result<void>> {
    return (this.#finished ??= this.#finish());
  }

  async #finish(): Promise<Result<void>> {
    if (this.#open) await this.#flush();
    const before = [await this.#writing, await this.#syncing];
    const synced = this.#open ? await this.#attempt(() => this.#handle.sync()) : ok(undefined);
    const closed = await this.close();
    return [...before, synced].find((result) => !result.ok) ?? closed;
  }

  /** Closes the file without writing what is still buffered. */
  async close(): Promise<Result<void>> {
    await this.#writing;
    await this.#syncing;
    if (!this.#open) return ok(undefined);
    this.#open = false;
    return this.#attempt(() => this.#handle.close());
  }

  /** Returns the result of the previous write. */
  async #flush(): Promise<Result<void>> {
    const pieces = this.#pieces;
    [this.#pieces, this.#gathered] = [[], 0];
    const before = await this.#writing;
    if (!before.ok || pieces.length === 0) return before;
    this.#writing = this.#attempt(() => append(this.#handle, pieces));
    this.#unsynced += chunkBytes;
    if (this.#unsynced >= syncEvery && !this.#isSyncing) this.#syncing = this.#sync(this.#syncing);
    return before;
  }

  /** A disk reports an error only once, to the first caller, so the result is kept. */
  async #sync(before: Promise<Result<void>>): Promise<Result<void>> {
    [this.#isSyncing, this.#unsynced] = [true, 0];
    const earlier = await before;
    const synced = earlier.ok ? await this.#attempt(() => this.#handle.datasync()) : earlier;
    this.#isSyncing = false;
    return synced;
  }

  #attempt(work: () => Promise<void>): Promise<Result<void>> {
    return attempt("write", this.#path, work);
  }
}

async function append(handle: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  const [first, ...others] = pieces;
  if (first !== undefined && others.length === 0) return handle.appendFile(first);
  const { bytesWritten } = await handle.writev(pieces);
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  // a full disk accepts a part; the next call reports why
  if (bytesWritten < bytes) await handle.appendFile(Buffer.concat(pieces).subarray(bytesWritten));
}
