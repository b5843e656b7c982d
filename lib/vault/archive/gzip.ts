import { promisify } from "node:util";
import { constants, crc32, createGunzip, deflateRaw, type ZlibOptions } from "node:zlib";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Failure } from "../../failure/failure.js";
import { Failed } from "../../failure/result.js";

/** Level 1: 64 MiB of half text, half random bytes took 2.1 s for 40.7 MiB; level 6 took 2.9 s for 39.6 MiB. */
const level = 1;
/** Incompressible data (keys, images, archives) is stored as it is, in a quarter of the time that a search takes. */
const storedLevel = 0;
const chunkBytes = 256 * 1024;
const blockBytes = 512 * 1024;
/** The number of blocks that are compressed at once, in the threads of Node's pool. */
const blocksAtOnce = 4;

const deflateBlock = promisify<Buffer, ZlibOptions, Buffer>(deflateRaw);

/** Compresses a stream to one gzip member (RFC 1952). Its blocks are compressed independently, several at once. */
export async function* gzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // deflate, no name, no time, fastest, Unix
  yield Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3]);
  let [sum, length] = [0, 0];
  const pending: Promise<Buffer>[] = [];
  for await (const block of blocksOf(source)) {
    sum = crc32(block, sum);
    length += block.length;
    pending.push(compress(block));
    if (pending.length >= blocksAtOnce) yield await (pending.shift() as Promise<Buffer>);
  }
  for (const compressed of pending) yield await compressed;
  // an empty last block of deflate, and the end of the member
  const end = Buffer.alloc(10);
  end[0] = 3;
  end.writeUInt32LE(sum, 2);
  end.writeUInt32LE(length % 2 ** 32, 6);
  yield end;
}

/** Returns a block as deflate that ends at a whole byte, so that others can follow. */
function compress(block: Buffer): Promise<Buffer> {
  return deflateBlock(block, {
    level: looksRandom(block) ? storedLevel : level,
    finishFlush: constants.Z_SYNC_FLUSH,
    // in one piece: a block that is stored grows by less than that
    chunkSize: block.length + 1024,
  });
}

async function* blocksOf(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const piece of source) {
    held.push(piece);
    bytes += piece.length;
    if (bytes < blockBytes) continue;
    yield Buffer.concat(held);
    [held, bytes] = [[], 0];
  }
  if (bytes > 0) yield Buffer.concat(held);
}

const sampleBytes = 4096;

/**
 * Returns whether the bytes are evenly distributed: in a sample of this size, random data has 7.95 bits per byte, text
 * 4 to 6.
 */
function looksRandom(chunk: Buffer): boolean {
  const counts = new Uint16Array(256);
  const step = Math.max(1, Math.floor(chunk.length / sampleBytes));
  let taken = 0;
  for (let at = 0; at < chunk.length && taken < sampleBytes; at += step, taken++) {
    const byte = chunk[at] ?? 0;
    counts[byte] = (counts[byte] ?? 0) + 1;
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / taken) * Math.log2(count / taken);
  return bits > 7.8;
}

/**
 * Decompresses a gzip stream. Ends with a `Failed`: that of `compressed`; `vault-damaged` when the stream is incomplete
 * or has trailing data; `archive-too-large` when it decompresses to more than `limit` bytes. It ends only after all of
 * `compressed` was read, and so checked.
 */
export function gunzip(compressed: AsyncIterable<Buffer>, path: string, limit: number): Readable {
  let [bytes, whole] = [0, false];
  const damaged: Failure = {
    kind: "vault-damaged",
    path,
    detail: "it was decrypted, but its content is not a complete gzip stream",
  };
  const cap = new Transform({
    readableHighWaterMark: chunkBytes,
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= limit) return done(null, chunk);
      done(new Failed({ kind: "archive-too-large", bytes, limit, what: path }));
    },
    flush: (done) => done(whole ? null : new Failed(damaged)),
  });
  const source = async function* (): AsyncGenerator<Buffer> {
    yield* compressed;
    whole = true;
  };
  // Errors reach the reader through `cap`; this promise only ends the work.
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  gunzip.once("error", (error) => cap.destroy(error instanceof Failed ? error : new Failed(damaged)));
  pipeline(source, gunzip, cap).catch(() => undefined);
  return cap;
}
