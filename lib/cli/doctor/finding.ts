import { sleep } from "../../host/clock.js";
import { type Check, type Finding, unknown } from "./types.js";

/** What a check finds, within its time; what it was asking then is ended. */
export async function finding({ name, limitMs, look }: Check, interrupt: AbortSignal): Promise<Finding> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, interrupt]);
  const late = sleep(limitMs, signal).then(() =>
    unknown(interrupt.aborted ? "interrupted" : `no answer within ${limitMs / 1000} s`),
  );
  try {
    return { check: name, ...(await Promise.race([look(signal), late])) };
  } finally {
    over.abort();
  }
}
