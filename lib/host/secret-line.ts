import { setTimeout as sleep } from "node:timers/promises";
import type { ReadStream } from "node:tty";
import { questionText } from "./screen.js";

const settleMs = 30;

/**
 * Reads one line without echo from a terminal in raw mode, as bytes, so that it can be wiped. Discards keys typed
 * before the question, except Ctrl-C. Backspace, Ctrl-U and Ctrl-W edit, Ctrl-Z suspends. A text that the terminal marks
 * as pasted counts as typed. Ctrl-C or an abort of `signal` returns "interrupted"; Ctrl-D on an empty line or a hang-up
 * returns "closed".
 */
export async function readSecretLine(
  question: string,
  input: ReadStream,
  output: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<Buffer | "interrupted" | "closed"> {
  const endRaw = holdRaw(input);
  try {
    if ((await drain(input)) === "interrupted") return "interrupted";
    const show = (): void => void output.write(`${questionText(question)} `);
    show();
    return await collect(input, signal, () => suspend(input, show));
  } finally {
    endRaw();
    input.pause();
    output.write("\n");
  }
}

const holders = new WeakMap<ReadStream, number>();

/**
 * Puts a terminal into raw mode, in which typed keys are not shown, until the returned function and those of all other
 * calls were called: without a moment in between for what follows each other.
 */
export function holdRaw(input: ReadStream): () => void {
  const change = (by: number): number => {
    const count = (holders.get(input) ?? 0) + by;
    holders.set(input, count);
    return count;
  };
  if (change(1) === 1) input.setRawMode(true);
  return () => {
    if (change(-1) === 0 && !input.destroyed) input.setRawMode(false);
  };
}

/**
 * Keeps the terminal from showing what is typed, and discards it, until the returned function is called. The keys that
 * signal still do.
 */
export function silence(input: ReadStream): () => void {
  const drop = (chunk: Buffer): void => {
    const keys = [...chunk];
    chunk.fill(0);
    if (keys.includes(0x03)) process.kill(process.pid, "SIGINT");
    if (keys.includes(0x1c)) process.kill(process.pid, "SIGQUIT");
    if (keys.includes(0x1a)) suspend(input);
  };
  const endRaw = holdRaw(input);
  input.on("data", drop).resume();
  // keys alone do not keep this process alive
  input.unref();
  return () => {
    input.off("data", drop).pause();
    input.ref();
    endRaw();
  };
}

/** Suspends this process and all others of its group, as Ctrl-Z does outside raw mode. Calls `resumed` afterwards. */
export function suspend(input: ReadStream, resumed?: () => void): void {
  input.setRawMode(false);
  process.kill(0, "SIGTSTP");
  // not on SIGCONT: nothing is suspended where no shell could continue it. A stopped process has no timers.
  setTimeout(() => {
    if (!input.destroyed) input.setRawMode(true);
    resumed?.();
  }, settleMs);
}

/** Discards unread keys; "interrupted" if Ctrl-C was among them. */
export async function discardTyped(input: ReadStream): Promise<"drained" | "interrupted"> {
  const endRaw = holdRaw(input);
  try {
    return await drain(input);
  } finally {
    endRaw();
    input.pause();
  }
}

/** Discards input until nothing has arrived for a moment. */
async function drain(input: ReadStream): Promise<"drained" | "interrupted"> {
  let seen = true;
  let interrupted = false;
  const drop = (chunk: Buffer): void => {
    seen = true;
    interrupted ||= chunk.includes(0x03);
    chunk.fill(0);
  };
  input.on("data", drop).resume();
  while (seen) {
    seen = false;
    await sleep(settleMs);
  }
  input.off("data", drop);
  return interrupted ? "interrupted" : "drained";
}

function collect(
  input: ReadStream,
  signal: AbortSignal,
  onSuspend: () => void,
): Promise<Buffer | "interrupted" | "closed"> {
  return new Promise((resolve) => {
    // large enough for any passphrase, so that growing leaves no copies behind
    const typed = Buffer.alloc(4096);
    let length = 0;
    const finish = (outcome: Buffer | "interrupted" | "closed"): void => {
      input.off("data", onData).off("end", onEnd).off("error", onEnd);
      signal.removeEventListener("abort", onAbort);
      if (!Buffer.isBuffer(outcome)) typed.fill(0);
      resolve(outcome);
    };
    const onEnd = (): void => finish("closed");
    const onAbort = (): void => finish("interrupted");
    const onData = (chunk: Buffer): void => {
      // also if it came right after Enter
      if (chunk.includes(0x03)) return finish("interrupted");
      for (const byte of withoutEscapes(chunk)) {
        if (byte === 0x1a) onSuspend();
        if (byte === 0x04 && length === 0) return finish("closed");
        if (byte === 0x0d || byte === 0x0a) {
          const line = Buffer.from(typed.subarray(0, length));
          typed.fill(0);
          chunk.fill(0);
          return finish(line);
        }
        if (byte === 0x7f || byte === 0x08) length = beforeLastCharacter(typed, length);
        else if (byte === 0x15 || byte === 0x17) length = 0;
        else if (byte >= 0x20 && length < typed.length) typed[length++] = byte;
      }
      chunk.fill(0);
    };
    input.on("data", onData).on("end", onEnd).on("error", onEnd).resume();
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * Returns the bytes without escape sequences (ECMA-48): arrow and function keys, and the marks around a pasted text. A
 * single escape at the end is the Escape key.
 */
function withoutEscapes(chunk: Buffer): number[] {
  const text: number[] = [];
  let within: "" | "escape" | "csi" | "ss3" = "";
  for (const byte of chunk) {
    if (within === "escape") within = byte === 0x5b ? "csi" : byte === 0x4f ? "ss3" : "";
    else if (within === "csi") within = byte >= 0x40 && byte <= 0x7e ? "" : "csi";
    else if (within === "ss3") within = "";
    else if (byte === 0x1b) within = "escape";
    else text.push(byte);
  }
  return text;
}

/** Returns the length without the last UTF-8 character. */
function beforeLastCharacter(bytes: Buffer, length: number): number {
  let end = Math.max(0, length - 1);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return end;
}
