import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { fail, ok, type Result } from "../failure/result.js";
import { now } from "./clock.js";
import { attempt, attemptOptional } from "./file-failure.js";

/** A clock of file times may stand still for so long; within it, a file can change and look the same. */
const settledMs = 50;
/** So many bytes are read at once. */
const atOnce = 512 * 1024;
/** By what tells a file and its state from all others. */
const known = new Map<string, string>();

/**
 * The sha256 (hex) of a file. A large one takes seconds, so it is read once by this process as long as it is the same
 * file, under whatever name, of the same size and time. Failures: `file`, `interrupted`.
 */
export async function fileHash(path: string, signal?: AbortSignal): Promise<Result<string>> {
  const before = await identity(path);
  const found = before === undefined ? undefined : known.get(before);
  if (found !== undefined) return ok(found);
  const read = await readHash(path, signal);
  if (read.ok && before !== undefined && (await identity(path)) === before) known.set(before, read.value);
  return read;
}

/** Undefined for what is not there, or was written just now. */
async function identity(path: string): Promise<string | undefined> {
  const found = await attemptOptional("look at", path, () => fs.stat(path, { bigint: true }));
  if (!found.ok || found.value === undefined) return undefined;
  const { dev, ino, size, mtimeNs, mtimeMs } = found.value;
  return now().getTime() - Number(mtimeMs) < settledMs ? undefined : `${dev} ${ino} ${size} ${mtimeNs}`;
}

async function readHash(path: string, signal?: AbortSignal): Promise<Result<string>> {
  const hash = createHash("sha256");
  const read = await attempt("read", path, async () => {
    const handle = await fs.open(path, "r");
    try {
      for await (const piece of readAhead(handle)) {
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

/** The next piece is read while one is used; each is to be used before the next is asked for, since its memory is used again. */
async function* readAhead(handle: fs.FileHandle): AsyncGenerator<Buffer> {
  const read = (buffer: Buffer) => handle.read(buffer, 0, buffer.length, null);
  let [full, spare] = [Buffer.allocUnsafe(atOnce), Buffer.allocUnsafe(atOnce)];
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
    // nobody may be left who reads from what is about to be closed
    await reading.catch(() => undefined);
  }
}
