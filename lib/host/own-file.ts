import * as fs from "node:fs/promises";
import { dirname } from "node:path";
import { fail, ok, type Result } from "../failure/result.js";
import { attempt, attemptOptional } from "./file-failure.js";
import { constants } from "./node-fs.js";

/** Larger than any file that a person writes, in bytes. */
const maxBytes = 1024 * 1024;

/** O_NONBLOCK: a pipe does not block. O_NOCTTY: a terminal does not become ours. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Reads a text file of the user that decides about security: a regular file of at most 1 MiB, which only this user or
 * root can change or replace. Links are followed. Returns undefined if it does not exist. Failure: `file`.
 */
export async function readOwnFile(path: string): Promise<Result<string | undefined>> {
  const there = await attemptOptional("read", path, () => fs.lstat(path));
  if (!there.ok || there.value === undefined) return there.ok ? ok(undefined) : there;
  const real = await attempt("read", path, () => fs.realpath(path));
  if (!real.ok) return real;
  const target = real.value;
  const refuse = (code: string, detail: string) => fail({ kind: "file", action: "use", path, code, detail });
  const opened = await attempt("read", path, () => fs.open(target, flags));
  if (!opened.ok) return opened;
  const handle = opened.value;
  try {
    const found = await attempt("read", path, async () => ({
      file: await handle.stat(),
      // who can change a folder can replace what is in it
      folders: await Promise.all(
        [...new Set([dirname(path), dirname(target)])].map(async (name) => ({
          name,
          state: await fs.stat(name),
        })),
      ),
    }));
    if (!found.ok) return found;
    const { file, folders } = found.value;
    if (!file.isFile()) return refuse("EINVAL", "it is not a regular file");
    for (const { name, state } of [{ name: target, state: file }, ...folders]) {
      const what = name === target ? "it" : `its folder ${name}`;
      if (process.getuid !== undefined && state.uid !== process.getuid() && state.uid !== 0)
        return refuse("EPERM", `${what} belongs to user ${state.uid}, not to you`);
      if ((state.mode & 0o022) !== 0)
        return refuse("EPERM", `other users may change ${what}; run: chmod go-w ${name}`);
    }
    return await readLimited(handle, path);
  } finally {
    await handle.close();
  }
}

/** The file may grow while it is read. */
async function readLimited(handle: fs.FileHandle, path: string): Promise<Result<string>> {
  const read = await attempt("read", path, async () => {
    const bytes = Buffer.alloc(maxBytes + 1);
    let filled = 0;
    for (;;) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
      filled += bytesRead;
      if (bytesRead === 0 || filled > maxBytes) return bytes.subarray(0, filled);
    }
  });
  if (!read.ok) return read;
  if (read.value.length <= maxBytes) return ok(read.value.toString());
  return fail({ kind: "file", action: "use", path, code: "EFBIG", detail: "it is larger than 1 MiB" });
}
