import type { Readable } from "node:stream";
import type { Extract } from "tar-stream";
import { Failed } from "../../failure/result.js";

/** The progress of a stream that feeds a tar parser. */
export interface Feeding {
  /** The error that ended the source, if any. */
  error(): Error | undefined;
  bytes(): number;
  /** Whether the last 512 bytes were zeros, the end mark of a complete tar. */
  endsInZeros(): boolean;
}

const zeros = Buffer.alloc(512);

/** Pipes `source` into `parser` with backpressure. A source that fails or closes early ends the parser too. */
export function feed(source: Readable, parser: Extract): Feeding {
  let error: Error | undefined;
  let bytes = 0;
  let last: Buffer = Buffer.alloc(0);
  const pump = async (): Promise<void> => {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      last = chunk.length >= 512 ? chunk.subarray(-512) : Buffer.concat([last, chunk]).subarray(-512);
      if (parser.destroyed) return;
      if (!parser.write(chunk)) await drained(parser);
    }
    parser.end(undefined);
  };
  pump().catch((cause: unknown) => {
    if (cause instanceof Failed) error = cause;
    else if (isEarlyClose(cause)) error = undefined;
    else error = cause instanceof Error ? cause : new Error(String(cause));
    // The parser then reports what is missing.
    if (error === undefined) parser.end(undefined);
    else parser.destroy(error);
  });
  return { error: () => error, bytes: () => bytes, endsInZeros: () => zeros.equals(last) };
}

function isEarlyClose(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ERR_STREAM_PREMATURE_CLOSE";
}

function drained(parser: Extract): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      parser.removeListener("drain", done);
      parser.removeListener("close", done);
      resolve();
    };
    parser.on("drain", done);
    parser.on("close", done);
  });
}
