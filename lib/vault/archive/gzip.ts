import { promisify } from "node:util";
import { constants, crc32, createDeflateRaw, type DeflateRaw, createGunzip } from "node:zlib";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Failure } from "../../failure/failure.js";
import { Failed } from "../../failure/result.js";

/**
 * Level 1: 64 MiB of half text, half random bytes took 2.1 s for 40.7 MiB; level 6 took 2.9 s for 39.6 MiB.
 * Incompressible data (keys, images, archives) is not searched for repetitions: 0.6 s instead of 2 to 4 s for 64 MiB,
 * at the same size.
 */
const level = 1;
const chunkBytes = 256 * 1024;

type Stage = (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;

/**
 * Returns the `pipeline` stages that make a gzip stream (RFC 1952). The frame is made here, because Node can change the
 * compression strategy only in a raw deflate stream.
 */
export function gzipStages(): { chooseStrategy: Stage; deflate: DeflateRaw; addFrame: Stage } {
  const deflate = createDeflateRaw({ level, chunkSize: chunkBytes });
  const setTo = promisify((strategy: number, done: (error?: Error | null) => void) =>
    deflate.params(level, strategy, done),
  );
  let current: number = constants.Z_DEFAULT_STRATEGY;
  let [sum, length] = [0, 0];
  async function* chooseStrategy(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      // zlib resets the checksum for an empty buffer without an address
      if (chunk.length === 0) continue;
      sum = crc32(chunk, sum);
      length += chunk.length;
      const wanted = looksRandom(chunk) ? constants.Z_HUFFMAN_ONLY : constants.Z_DEFAULT_STRATEGY;
      // a chunk too small to sample keeps the current strategy
      if (chunk.length >= sampleBytes && wanted !== current) await setTo((current = wanted));
      yield chunk;
    }
  }
  async function* addFrame(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    // deflate, no name, no time, fastest, Unix
    yield Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3]);
    yield* source;
    const end = Buffer.alloc(8);
    end.writeUInt32LE(sum, 0);
    end.writeUInt32LE(length % 2 ** 32, 4);
    yield end;
  }
  return { chooseStrategy, deflate, addFrame };
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
