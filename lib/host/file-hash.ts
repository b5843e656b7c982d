import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { fail, ok, type Result } from "../result.js";
import { now } from "./clock.js";
import { attempt, attemptOptional } from "./file-failure.js";
import { openRead } from "./files.js";

/** A clock of file times may stand still for so long; within it, a file can change and look the same. */
const settledMs = 50;
/** By what tells a file and its state from all others. */
const known = new Map<string, string>();

/**
 * The sha256 (hex) of a file. A large one takes seconds, so it is read once by this process as long as it is the same
 * file, under whatever name, of the same size and time. Failures: `file`, `interrupted`.
 */
export async function fileHash(path: string, signal?: AbortSignal): Promise<Result<string>> {
  const before = await identity(path);
  const found = before === undefined ? undefined : known.get(before);
  if (found !== undefined) return ok(found);
  const read = await readHash(path, signal);
  if (read.ok && before !== undefined && (await identity(path)) === before) known.set(before, read.value);
  return read;
}

/** Undefined for what is not there, or was written just now. */
async function identity(path: string): Promise<string | undefined> {
  const found = await attemptOptional("look at", path, () => fs.stat(path, { bigint: true }));
  if (!found.ok || found.value === undefined) return undefined;
  const { dev, ino, size, mtimeNs, mtimeMs } = found.value;
  return now().getTime() - Number(mtimeMs) < settledMs ? undefined : `${dev} ${ino} ${size} ${mtimeNs}`;
}

async function readHash(path: string, signal?: AbortSignal): Promise<Result<string>> {
  const opened = await openRead(path);
  if (!opened.ok) return opened;
  const hash = createHash("sha256");
  const read = await attempt("read", path, async () => {
    for await (const piece of opened.value as AsyncIterable<Buffer>) {
      if (signal?.aborted === true) return;
      hash.update(piece);
    }
  });
  if (!read.ok) return read;
  if (signal?.aborted !== true) return ok(hash.digest("hex"));
  return fail({ kind: "interrupted", signal: typeof signal.reason === "string" ? signal.reason : "SIGINT" });
}
