import { whenAborted } from "../host/abort.js";
import { Transform, type Readable, pipeline } from "node:stream";
import { interrupted } from "../aws/errors.js";
import { Failed, take } from "../failure/result.js";
import type { ByteProgress, DownloadRequest } from "./remote-types.js";

/**
 * Passes a body to `write` in chunks, completely. Throws `Failed` from `write` or an abort, and an error with a code
 * when the connection breaks (ECONNRESET) or no data arrives for `stall` ms (ETIMEDOUT).
 */
export async function readBody(
  body: Readable,
  total: number,
  { write, signal, progress }: Pick<DownloadRequest, "write" | "signal" | "progress">,
  stall: number,
): Promise<void> {
  let bytes = 0;
  const stalled = setTimeout(
    () => body.destroy(errorWithCode("ETIMEDOUT", "no data arrived in time")),
    stall,
  );
  const release = whenAborted(signal, () => void body.destroy());
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      stalled.refresh();
      bytes += piece.length;
      if (bytes > total) break;
      take(await write(piece));
      progress?.(bytes, total);
    }
  } catch (error) {
    if (signal?.aborted === true) throw new Failed(interrupted(signal));
    throw error;
  } finally {
    clearTimeout(stalled);
    release();
    body.destroy();
  }
  if (signal?.aborted === true) throw new Failed(interrupted(signal));
  if (bytes > total) throw errorWithCode("ECONNRESET", `the body is longer than ${total} bytes`);
  if (bytes !== total) throw errorWithCode("ECONNRESET", `the body ended after ${bytes} of ${total} bytes`);
}

/** Returns the stream with progress reports. */
export function withProgress(source: Readable, total: number, progress: ByteProgress | undefined): Readable {
  let bytes = 0;
  const counter = new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytes += piece.length;
      progress?.(bytes, total);
      done(null, piece);
    },
  });
  // An error on either side ends both; the reader sees it on the counter.
  return pipeline(source, counter, () => undefined);
}

function errorWithCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/**
 * Sends a request with a body and cleans up both on failure. An answer before the end of the body, such as a refusal,
 * would otherwise leave a request that keeps its connection, and the process, until it stalls.
 */
export async function sendBody<T>(
  body: Readable,
  signal: AbortSignal | undefined,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const left = new AbortController();
  const abortSignal = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
  try {
    return await send({ abortSignal });
  } catch (error) {
    left.abort();
    body.destroy();
    throw error;
  }
}
