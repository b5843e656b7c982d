import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { fileHash } from "../host/file-hash.js";
import { openRead, stat } from "../host/files.js";
import type { TempFile } from "../host/temp-file.js";
import { Failed, type Result, settle, take } from "../result.js";
import { readNote } from "./file-notes.js";
import { readPieces } from "./pieces.js";
import type { ByteProgress, DownloadRequest, Presence, RemoteObject } from "./types.js";

/** A disk that gives nothing for so long is as good as gone. */
const stall = 30_000;

/** One file of a folder remote. Its etag is its sha256. */
export interface FilePlace {
  readonly url: string;
  readonly path: string;
}

export async function headFile(place: FilePlace, signal?: AbortSignal): Promise<Presence> {
  const described = await settle(() => describeFile(place, signal));
  if (!described.ok) return { state: "unknown", failure: described.failure };
  return described.value === undefined ? { state: "absent" } : { state: "present", object: described.value };
}

export async function describeFile(
  { path }: FilePlace,
  signal: AbortSignal | undefined,
): Promise<RemoteObject | undefined> {
  const found = take(await stat(path));
  if (found === undefined) return undefined;
  const etag = take(await fileHash(path, signal));
  const note = await readNote(path, etag);
  return { ...note, etag, sha256: etag, bytes: found.bytes, modified: found.modified };
}

/** A folder that is not there is not known, never absent: the disk may just not be mounted. */
export async function requireFolder({ url, path }: FilePlace): Promise<void> {
  const folder = take(await stat(dirname(path)));
  if (folder?.kind === "folder") return;
  throw new Failed({
    kind: "remote-unavailable",
    url,
    reason: `the folder ${dirname(path)} is not there`,
    hint: "Is the disk mounted? If the folder is new, create it.",
  });
}

export async function downloadFile(place: FilePlace, request: DownloadRequest): Promise<RemoteObject> {
  const { signal, progress, inspect, write } = request;
  const object = await describeFile(place, signal);
  if (object === undefined) throw new Failed({ kind: "remote-absent", url: place.url });
  take(inspect?.(object) ?? { ok: true, value: undefined });
  const etag = await readFileInto(place, object.bytes, { write, signal, progress });
  if (etag === object.etag) return object;
  throw new Failed({
    kind: "remote-unavailable",
    url: place.url,
    reason: "it was changed while it was being read",
    hint: "Try again.",
  });
}

/** Copies a file into a temporary one; the sha256 of what was copied. */
export function copyInto(
  place: FilePlace,
  temp: TempFile,
  bytes: number,
  ways: { signal?: AbortSignal | undefined; progress?: ByteProgress | undefined },
): Promise<string> {
  return readFileInto(place, bytes, { ...ways, write: (piece) => temp.write(piece) });
}

interface Into {
  readonly write: (piece: Buffer) => Promise<Result<void>>;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ByteProgress | undefined;
}

async function readFileInto(
  { url, path }: FilePlace,
  bytes: number,
  { write, signal, progress }: Into,
): Promise<string> {
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
    await readPieces(take(await openRead(path)), bytes, pieces, stall);
  } catch (error) {
    // a disk that is pulled out, or a file that changes while it is read
    if (error instanceof Failed || !(error instanceof Error) || !("code" in error)) throw error;
    const reason = `it could not be read to its end: ${error.message}`;
    throw new Failed({ kind: "remote-unavailable", url, reason });
  }
  return hash.digest("hex");
}
