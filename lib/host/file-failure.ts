import type { FailureOf } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";

const descriptions: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOENT: "no such file or folder",
  ENOTDIR: "a parent is not a folder",
  EISDIR: "it is a folder",
  EEXIST: "it already exists",
  ENOTEMPTY: "the folder is not empty",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file is too large",
  EMFILE: "too many open files",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  EXDEV: "it is on another file system",
  EIO: "the disk reports an error",
  EBUSY: "it is in use",
  ENXIO: "it is a socket or a device, and only regular files are read",
  EBADF: "it is not open",
};

/** Returns the errno name of a file system error; undefined for any other error, which is a bug. */
export function errno(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  // a path with a NUL character
  if (error.code === "ERR_INVALID_ARG_VALUE") return "EINVAL";
  return /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

/** Returns the `file` failure for a file system error. Rethrows any other error, since that is a bug. */
function fileFailure(action: string, path: string, error: unknown): FailureOf<"file"> {
  const code = errno(error);
  if (code === undefined) throw error;
  const detail = descriptions[code];
  return { kind: "file", action, path, code, detail };
}

/** Runs a file operation and returns a file system error as a `file` failure. */
export async function attempt<T>(action: string, path: string, work: () => Promise<T>): Promise<Result<T>> {
  try {
    return ok(await work());
  } catch (error) {
    return fail(fileFailure(action, path, error));
  }
}

/** Like `attempt`, but returns undefined if the file, or a folder above it, does not exist. */
export async function attemptOptional<T>(
  action: string,
  path: string,
  work: () => Promise<T>,
): Promise<Result<T | undefined>> {
  try {
    return ok(await work());
  } catch (error) {
    const code = errno(error);
    if (code === "ENOENT" || code === "ENOTDIR") return ok(undefined);
    return fail(fileFailure(action, path, error));
  }
}
