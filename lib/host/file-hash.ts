import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { fail, ok, type Result } from "../failure/result.js";
import { now } from "./clock.js";
import { attempt, attemptOptional } from "./file-failure.js";

/** Resolution of file times, in ms: a file can change twice within it and keep the same time. */
const settledMs = 50;
/** Limits of the bytes of one read: of a small file it is hardly longer than that, or many would fill the memory. */
const [leastChunk, mostChunk] = [4 * 1024, 512 * 1024];
/** Known hashes, by the algorithm and a key of the file's identity and state. */
const known = new Map<string, string>();

type Algorithm = "sha256" | "md5";

/** Where the last hash of a large file is kept for later processes, as one line. */
export interface HashStore {
  read(): Promise<string | undefined>;
  write?(line: string): Promise<unknown>;
}

/** In bytes; hashing a smaller file takes less than 10 ms. */
const storedFrom = 8 * 1024 ** 2;

/**
 * Returns the hash of a file, hex. Hashing a large file takes seconds, so the result is cached by the file's inode, size
 * and time: in this process, and in `store`. Failures: `file`, `interrupted`.
 */
export async function fileHash(
  path: string,
  signal?: AbortSignal,
  algorithm: Algorithm = "sha256",
  store?: HashStore,
): Promise<Result<string>> {
  const before = await look(path);
  if (before.identity === undefined) return readHash(path, algorithm, before.bytes, signal);
  const key = `${algorithm} ${before.identity}`;
  const kept = before.bytes < storedFrom ? undefined : store;
  const found = known.get(key) ?? hashIn((await kept?.read()) ?? "", key);
  if (found !== undefined) {
    known.set(key, found);
    return ok(found);
  }
  const read = await readHash(path, algorithm, before.bytes, signal);
  if (!read.ok || (await look(path)).identity !== before.identity) return read;
  known.set(key, read.value);
  await kept?.write?.(`${key} ${read.value}\n`);
  return read;
}

/** Returns the hash in a line of a store, if it is that of `key`. */
function hashIn(line: string, key: string): string | undefined {
  const hash = line.startsWith(`${key} `) ? line.slice(key.length + 1).trimEnd() : "";
  return /^[0-9a-f]{32,}$/.test(hash) ? hash : undefined;
}

/** `identity` is undefined if the file does not exist, or was written too recently to tell. */
async function look(path: string): Promise<{ readonly bytes: number; readonly identity?: string }> {
  const found = await attemptOptional("look at", path, () => fs.stat(path, { bigint: true }));
  if (!found.ok || found.value === undefined) return { bytes: 0 };
  const { dev, ino, size, mtimeNs, mtimeMs } = found.value;
  const bytes = Number(size);
  if (now().getTime() - Number(mtimeMs) < settledMs) return { bytes };
  return { bytes, identity: `${dev} ${ino} ${size} ${mtimeNs}` };
}

async function readHash(
  path: string,
  algorithm: Algorithm,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<Result<string>> {
  const hash = createHash(algorithm);
  const read = await attempt("read", path, async () => {
    const handle = await fs.open(path, "r");
    try {
      // one byte more than a small file has shows its end
      const chunkBytes = Math.min(mostChunk, Math.max(leastChunk, bytes + 1));
      for await (const piece of readAhead(handle, chunkBytes)) {
        if (signal?.aborted === true) return;
        hash.update(piece);
      }
    } finally {
      await handle.close();
    }
  });
  if (!read.ok) return read;
  if (signal?.aborted !== true) return ok(hash.digest("hex"));
  return fail({ kind: "interrupted", signal: typeof signal.reason === "string" ? signal.reason : "SIGINT" });
}

/**
 * Reads the next chunk while the caller uses one. The caller must be done with a chunk before asking for the next,
 * since buffers are reused.
 */
async function* readAhead(handle: fs.FileHandle, chunkBytes: number): AsyncGenerator<Buffer> {
  const read = (buffer: Buffer) => handle.read(buffer, 0, buffer.length, null);
  let [full, spare] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)];
  let reading = read(full);
  try {
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      reading = read(spare);
      yield full.subarray(0, bytesRead);
      [full, spare] = [spare, full];
    }
  } finally {
    // the read must finish before the file is closed
    await reading.catch(() => undefined);
  }
}
