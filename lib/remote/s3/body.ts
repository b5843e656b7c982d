import type { Readable } from "node:stream";

/**
 * Sends a request with a body, and leaves neither behind. An answer that comes before the end of the body, a refusal
 * for instance, leaves a request that nobody ends: it would hold its connection, and the process, until it stalls.
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
