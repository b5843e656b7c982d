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

/** One file of a folder remote. Its etag is its sha256. */
export interface FileLocation {
  readonly url: string;
  readonly path: string;
  /** A disk that gives nothing for so long is as good as gone; and so long another's write is waited for. In ms. */
  readonly stall: number;
  /** A larger file is not read: even to tell what it is takes reading all of it. */
  readonly downloadLimits: DownloadLimits;
}

export async function headFile(location: FileLocation, signal?: AbortSignal): Promise<Presence> {
  const described = await settle(() => describeFile(location, signal));
  if (!described.ok) return { state: "unknown", failure: described.failure };
  return described.value === undefined ? { state: "absent" } : { state: "present", object: described.value };
}

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

/** A folder that is not there is not known, never absent: the disk may just not be mounted. */
export async function requireFolder({ url, path }: FileLocation): Promise<void> {
  const folder = take(await stat(dirname(path)));
  if (folder?.kind === "folder") return;
  throw new Failed({
    kind: "remote-unavailable",
    url,
    reason: `the folder ${dirname(path)} is not there`,
    hint: "Is the disk mounted? If the folder is new, create it.",
  });
}

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
      reason: "it was changed while it was being read",
      hint: "Try again.",
    });
  });
  if (object === undefined) throw new Failed({ kind: "remote-absent", url: location.url });
  return object;
}

/** Copies a file into a temporary one; the sha256 of what was copied, or undefined when there is no file. */
export function copyInto(
  location: FileLocation,
  temp: TempFile,
  ways: { signal?: AbortSignal | undefined; progress?: ByteProgress | undefined },
): Promise<{ etag: string; bytes: number } | undefined> {
  return withFile(location, async (file) => {
    const etag = await readInto(location, file, { ...ways, write: (piece) => temp.write(piece) });
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

/** The sha256 of what was read. */
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
    ...(signal === undefined ? {} : { signal }),
    ...(progress === undefined ? {} : { progress }),
  };
  try {
    await readBody(file.read(), file.bytes, pieces, stall);
  } catch (error) {
    // a disk that is pulled out, or a file that is written into while it is read
    if (error instanceof Failed || !(error instanceof Error) || !("code" in error)) throw error;
    const reason = `it could not be read to its end: ${error.message}`;
    throw new Failed({ kind: "remote-unavailable", url, reason });
  }
  return hash.digest("hex");
}
