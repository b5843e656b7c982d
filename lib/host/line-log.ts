import * as fs from "node:fs/promises";
import { dirname } from "node:path";
import { fail, ok, type Result } from "../failure/result.js";
import { attempt, attemptOptional, errno } from "./file-failure.js";
import { constants } from "./node-fs.js";
import { syncFolder } from "./temp-file.js";

/** The maximum length of a line, in bytes: what a reader keeps in memory. */
export const maxLineBytes = 1024 * 1024;
const chunkBytes = 64 * 1024;
const lineEnd = 0x0a;

/** How a log ends. */
export interface LogEnd {
  /** The last line with its end; undefined if there is none. */
  readonly last?: Buffer;
  /** What follows it: the beginning of a line whose writing was interrupted. */
  readonly torn: Buffer;
}

/** Returns the end of a log; undefined if it does not exist. Failure: `file`, also for a line that is too long. */
export async function readLogEnd(path: string): Promise<Result<LogEnd | undefined>> {
  const opened = await attemptOptional("open", path, () =>
    fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
  );
  if (!opened.ok || opened.value === undefined) return opened.ok ? ok(undefined) : opened;
  const handle = opened.value;
  try {
    const found = await endOf(handle, path);
    return found.ok ? ok(found.value.end) : found;
  } finally {
    await handle.close();
  }
}

/**
 * Appends the lines that `compose` makes from the log's end, each with its end, and waits until they are on the disk.
 * A torn end is overwritten by them, so `compose` can record it. Creates the file with mode 0600 in an existing folder.
 * The caller holds a lock. Failures: `file`, and those of `compose`; then the log ends as before, or torn.
 */
export async function appendToLog(
  path: string,
  compose: (end: LogEnd) => Result<readonly string[]>,
): Promise<Result<void>> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const opened = await attempt("open", path, () => fs.open(path, flags, 0o600));
  if (!opened.ok) return opened;
  const handle = opened.value;
  try {
    const found = await endOf(handle, path);
    if (!found.ok) return found;
    const { end, at } = found.value;
    const composed = compose(end);
    if (!composed.ok) return composed;
    const lines = composed.value.map((line) => Buffer.from(line));
    if (lines.some(({ length }) => length > maxLineBytes)) return tooLong(path);
    const bytes = Buffer.concat(lines);
    const written = await attempt("write", path, async () => {
      for (let done = 0; done < bytes.length;)
        done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      if (end.torn.length > bytes.length) await handle.truncate(at + bytes.length);
      await handle.sync();
    });
    return written.ok && at === 0 ? syncFolder(dirname(path)) : written;
  } finally {
    await handle.close();
  }
}

/** Also returns where the torn end begins. */
async function endOf(
  handle: fs.FileHandle,
  path: string,
): Promise<Result<{ readonly end: LogEnd; readonly at: number }>> {
  const read = await attempt("read", path, async () => {
    const { size } = await handle.stat();
    let tail: Buffer = Buffer.alloc(0);
    let from = size;
    // the last line and what follows it, at most
    while (from > 0 && tail.length <= 2 * maxLineBytes) {
      const length = Math.min(chunkBytes, from);
      from -= length;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, from);
      tail = Buffer.concat([buffer.subarray(0, bytesRead), tail]);
      const last = tail.lastIndexOf(lineEnd);
      if (last > 0 && tail.lastIndexOf(lineEnd, last - 1) !== -1) break;
    }
    return { tail, from };
  });
  if (!read.ok) return read;
  const { tail, from } = read.value;
  const last = tail.lastIndexOf(lineEnd);
  const start = last < 1 ? -1 : tail.lastIndexOf(lineEnd, last - 1);
  if (start === -1 && from > 0) return tooLong(path);
  const end: LogEnd = {
    ...(last === -1 ? {} : { last: tail.subarray(start + 1, last + 1) }),
    torn: tail.subarray(last + 1),
  };
  return ok({ end, at: from + last + 1 });
}

function tooLong(path: string): Result<never> {
  const detail = `a line of it is longer than ${maxLineBytes / 1024 / 1024} MiB`;
  return fail({ kind: "file", action: "use", path, code: "EFBIG", detail });
}

/**
 * Reads a log line by line, each with its end. A last piece without one is torn, or the beginning of a line that is too
 * long, after which nothing follows. Nothing if the file does not exist. Throws errors of the file system.
 */
export async function* logLines(path: string): AsyncGenerator<Buffer> {
  const handle = await fs
    .open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    .catch((error: unknown) => {
      if (errno(error) === "ENOENT") return undefined;
      throw error;
    });
  if (handle === undefined) return;
  try {
    let rest: Buffer = Buffer.alloc(0);
    for (let position = 0; ;) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(chunkBytes), 0, chunkBytes, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      const piece = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = piece.indexOf(lineEnd); end !== -1; end = piece.indexOf(lineEnd, start)) {
        yield piece.subarray(start, end + 1);
        start = end + 1;
      }
      rest = piece.subarray(start);
      if (rest.length > maxLineBytes) break;
    }
    if (rest.length > 0) yield rest;
  } finally {
    await handle.close();
  }
}
