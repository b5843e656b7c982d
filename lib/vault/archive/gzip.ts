import { promisify } from "node:util";
import { constants, crc32, createDeflateRaw, type DeflateRaw, createGunzip } from "node:zlib";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Failure } from "../../failure/failure.js";
import { Failed } from "../../failure/result.js";

/**
 * Level 1: on 64 MiB of half text and half random bytes 2.1 s for 40.7 MiB, where level 6 took 2.9 s for 39.6 MiB. And
 * no search for repetitions in what has none (keys, images, archives): there that takes 2 to 4 s for 64 MiB, and
 * without it 0.6 s, for not a byte more.
 */
const level = 1;
const chunkBytes = 256 * 1024;

type Stage = (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;

/**
 * The stages that make a gzip stream (RFC 1952) of bytes, for `pipeline`. The frame is made here, since node can change
 * its mind about how to compress in the middle of a raw deflate stream only.
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
      // zlib takes a piece of nothing, when it has no address, for the wish to start the sum anew
      if (chunk.length === 0) continue;
      sum = crc32(chunk, sum);
      length += chunk.length;
      const wanted = looksRandom(chunk) ? constants.Z_HUFFMAN_ONLY : constants.Z_DEFAULT_STRATEGY;
      // too little to judge by goes on as it was
      if (chunk.length >= sampleBytes && wanted !== current) await setTo((current = wanted));
      yield chunk;
    }
  }
  async function* addFrame(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    // deflate, no name, no time, made for speed, on Unix
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

/** Whether the bytes come about equally often: random ones have 7.95 bits each in a sample of this size, text 4 to 6. */
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
 * What a gzip stream holds. Ends with a `Failed`: that of `compressed`; `vault-damaged` when it is no whole gzip stream
 * or goes on behind its end; `archive-too-large` when more than `limit` bytes come out. Its end is not reached before
 * all of `compressed` was read, so that whoever gets there knows that every byte was checked.
 */
export function gunzip(compressed: AsyncIterable<Buffer>, path: string, limit: number): Readable {
  let [bytes, whole] = [0, false];
  const damaged: Failure = {
    kind: "vault-damaged",
    path,
    detail: "it opens, but what is inside is not a whole gzip stream",
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
  // The errors reach the reader through `cap`; this promise only ends the work.
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  gunzip.once("error", (error) => cap.destroy(error instanceof Failed ? error : new Failed(damaged)));
  pipeline(source, gunzip, cap).catch(() => undefined);
  return cap;
}
