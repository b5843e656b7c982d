import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { interrupted } from "../../aws/errors.js";
import { openFile, type OpenFile, stat } from "../../host/files.js";
import type { TempFile } from "../../host/temp-file.js";
import { Failed, type Result, settle, take } from "../../failure/result.js";
import { readSidecar } from "./sidecar.js";
import { readBody } from "../body-stream.js";
import { checkSize } from "../download-limits.js";
import type {
  DownloadLimits,
  ByteProgress,
  DownloadRequest,
  Presence,
  RemoteObject,
} from "../remote-types.js";

/** A file of a folder remote. Its ETag is its SHA-256. */
export interface FileLocation {
  readonly url: string;
  readonly path: string;
  /** In ms: after this time without data the disk counts as unavailable; also how long to wait for another's lock. */
  readonly stall: number;
  /** Larger files are not read, not even to identify them. */
  readonly downloadLimits: DownloadLimits;
}

/** Returns the file's presence, ETag and metadata. */
export async function headFile(location: FileLocation, signal?: AbortSignal): Promise<Presence> {
  const described = await settle(() => describeFile(location, signal));
  if (!described.ok) return { state: "unknown", failure: described.failure };
  return described.value === undefined ? { state: "absent" } : { state: "present", object: described.value };
}

/** Returns the file's ETag and metadata; undefined when there is none. Throws `Failed`. */
export function describeFile(
  location: FileLocation,
  signal: AbortSignal | undefined,
): Promise<RemoteObject | undefined> {
  return withFile(location, (file) => describe(location, file, signal));
}

async function describe(
  location: FileLocation,
  file: OpenFile,
  signal: AbortSignal | undefined,
): Promise<RemoteObject> {
  const etag = await readInto(location, file, {
    write: async () => ({ ok: true, value: undefined }),
    signal,
  });
  const note = await readSidecar(location.path, etag);
  return { ...note, etag, sha256: etag, bytes: file.bytes, modified: file.modified };
}

/** Requires the folder; a missing one means unknown, not absent, since the disk may not be mounted. */
export async function requireFolder({ url, path }: FileLocation): Promise<void> {
  const folder = take(await stat(dirname(path)));
  if (folder?.kind === "folder") return;
  throw new Failed({
    kind: "remote-unavailable",
    url,
    reason: `the folder ${dirname(path)} does not exist`,
    hint: "Is the disk mounted? If the folder is new, create it.",
  });
}

/** Reads the file into the request. Throws `Failed`, also when the file changes while it is read. */
export async function downloadFile(location: FileLocation, request: DownloadRequest): Promise<RemoteObject> {
  const { signal, progress, inspect, write } = request;
  const object = await withFile(location, async (file) => {
    const found = await describe(location, file, signal);
    take(inspect?.(found) ?? { ok: true, value: undefined });
    const etag = await readInto(location, file, { write, signal, progress });
    if (etag === found.etag) return found;
    throw new Failed({
      kind: "remote-unavailable",
      url: location.url,
      reason: "it changed while it was read",
      hint: "Try again.",
    });
  });
  if (object === undefined) throw new Failed({ kind: "remote-absent", url: location.url });
  return object;
}

/** Copies a file into a temporary one and returns its SHA-256; undefined when there is no file. */
export function copyInto(
  location: FileLocation,
  temp: TempFile,
  options: { signal?: AbortSignal | undefined; progress?: ByteProgress | undefined },
): Promise<{ etag: string; bytes: number } | undefined> {
  return withFile(location, async (file) => {
    const etag = await readInto(location, file, { ...options, write: (piece) => temp.write(piece) });
    return { etag, bytes: file.bytes };
  });
}

async function withFile<T>(
  { path, url, downloadLimits }: FileLocation,
  work: (file: OpenFile) => Promise<T>,
): Promise<T | undefined> {
  const file = take(await openFile(path));
  if (file === undefined) return undefined;
  try {
    take(checkSize(file.bytes, downloadLimits, url));
    return await work(file);
  } finally {
    await file.close();
  }
}

interface ReadTarget {
  readonly write: (piece: Buffer) => Promise<Result<void>>;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ByteProgress | undefined;
}

/** Reads the file into `write` and returns its SHA-256. */
async function readInto(
  { url, stall }: FileLocation,
  file: OpenFile,
  { write, signal, progress }: ReadTarget,
): Promise<string> {
  if (signal?.aborted === true) throw new Failed(interrupted(signal));
  const hash = createHash("sha256");
  const pieces = {
    write: (piece: Buffer) => {
      hash.update(piece);
      return write(piece);
    },
    signal,
    progress,
  };
  try {
    await readBody(file.read(), file.bytes, pieces, stall);
  } catch (error) {
    // the disk was removed, or the file was modified while read
    if (error instanceof Failed || !(error instanceof Error) || !("code" in error)) throw error;
    const reason = `it could not be read completely: ${error.message}`;
    throw new Failed({ kind: "remote-unavailable", url, reason });
  }
  return hash.digest("hex");
}
