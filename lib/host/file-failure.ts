import type { FailureOf } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";

const words: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOENT: "no such file or folder",
  ENOTDIR: "something on the way to it is not a folder",
  EISDIR: "it is a folder",
  EEXIST: "it is there already",
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
  EBADF: "it is not open",
};

/** The errno name of an error of the file system, or undefined: then the error is a bug. */
export function errno(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  // a path with a NUL in it, which no file has
  if (error.code === "ERR_INVALID_ARG_VALUE") return "EINVAL";
  return /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

/** A `file` failure from an error of the file system; any other error is a bug and is thrown on. */
function fileFailure(action: string, path: string, error: unknown): FailureOf<"file"> {
  const code = errno(error);
  if (code === undefined) throw error;
  const detail = words[code];
  return { kind: "file", action, path, code, ...(detail === undefined ? {} : { detail }) };
}

/** Runs one file operation; what the file system refuses comes back as a `file` failure. */
export async function attempt<T>(action: string, path: string, work: () => Promise<T>): Promise<Result<T>> {
  try {
    return ok(await work());
  } catch (error) {
    return fail(fileFailure(action, path, error));
  }
}

/** Like `attempt`, with undefined when the file, or a folder on the way to it, is not there. */
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
