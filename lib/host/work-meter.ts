import { steadyTime } from "./clock.js";

/**
 * Counts the bytes of long work, for the part that shows progress. The code that moves the bytes needs no knowledge of the
 * screen. Steps run one at a time, so there is one receiver in a process, and the newest meter is the one shown.
 */

/** How far some work is. */
export interface Work {
  /** What has been done to the bytes, as a past participle: `sealed`, `sent`. */
  readonly what: string;
  readonly done: number;
  readonly total: number | undefined;
  /** Milliseconds since the meter was made. */
  readonly elapsedMs: number;
}

/** Reports how many bytes are done so far. */
export type Meter = (done: number, total?: number) => void;

const intervalMs = 100;

let receive: ((work: Work) => void) | undefined;
let newest = 0;

/** Makes a meter. It reports at most ten times a second. */
export function meter(what: string, total?: number): Meter {
  const id = ++newest;
  const from = steadyTime();
  let last = -Infinity;
  return (done, size = total) => {
    const at = steadyTime();
    if (receive === undefined || id !== newest || at - last < intervalMs) return;
    last = at;
    receive({ what, done, total: size, elapsedMs: at - from });
  };
}

/** Passes a stream through and counts its bytes. */
export async function* metered(pieces: AsyncIterable<Buffer>, count: Meter): AsyncGenerator<Buffer> {
  let done = 0;
  for await (const piece of pieces) {
    count((done += piece.length));
    yield piece;
  }
}

/** Sends the reports of all meters to `receiver` while `work` runs. */
export async function receiveWork<T>(receiver: (work: Work) => void, work: () => Promise<T>): Promise<T> {
  const before = receive;
  receive = receiver;
  try {
    return await work();
  } finally {
    receive = before;
  }
}
