import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { Failure } from "../../failure/failure.js";
import { Failed } from "../../failure/result.js";

const chunkBytes = 256 * 1024;

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
