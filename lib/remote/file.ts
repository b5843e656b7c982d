import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { openRead, readText, stat, writeAtomic } from "../host/files.js";
import { createTemp } from "../host/temp-file.js";
import { Failed, type Result, settle, take } from "../result.js";
import { fileHash } from "../host/file-hash.js";
import { readPieces } from "./pieces.js";
import type {
  DownloadRequest,
  Presence,
  Remote,
  RemoteObject,
  UploadRequest,
  WriteMetadata,
} from "./types.js";

/**
 * A vault in a folder: a USB disk, a synced folder. Written beside and renamed, as the local one. Who wrote it stands
 * in FILE.meta.json next to it. The etag is the sha256 of the file. A folder that is not there is not known, never
 * absent: the disk may just not be mounted.
 */
export function fileRemote(url: string): Remote {
  const path = fileURLToPath(url);
  return {
    kind: "file",
    url,
    credentials: async () => ({ state: "true", reason: "a folder needs no login" }),
    head: (signal) => head(url, path, signal),
    download: (request) => settle(() => download(url, path, request)),
    upload: (request) => settle(() => upload(url, path, request)),
  };
}

async function head(url: string, path: string, signal: AbortSignal | undefined): Promise<Presence> {
  const described = await settle(() => describe(url, path, signal));
  if (!described.ok) return { state: "unknown", failure: described.failure };
  return described.value === undefined ? { state: "absent" } : { state: "present", object: described.value };
}

async function describe(
  url: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<RemoteObject | undefined> {
  await requireFolder(url, path);
  const found = take(await stat(path));
  if (found === undefined) return undefined;
  const etag = take(await fileHash(path, signal));
  const metadata = await readMetadata(path, etag);
  return { etag, bytes: found.bytes, modified: found.modified, ...metadata };
}

async function requireFolder(url: string, path: string): Promise<void> {
  const folder = take(await stat(dirname(path)));
  if (folder?.kind === "folder") return;
  const reason = `the folder ${dirname(path)} is not there`;
  throw new Failed({
    kind: "remote-unavailable",
    url,
    reason,
    hint: "Is the disk mounted? If the folder is new, create it.",
  });
}

async function download(url: string, path: string, request: DownloadRequest): Promise<RemoteObject> {
  await requireFolder(url, path);
  const found = take(await stat(path));
  if (found === undefined) throw new Failed({ kind: "remote-absent", url });
  const hash = createHash("sha256");
  const write = async (piece: Buffer): Promise<Result<void>> => {
    hash.update(piece);
    return request.write(piece);
  };
  await cutMeansUnavailable(url, async () =>
    readPieces(take(await openRead(path)), found.bytes, { ...request, write }),
  );
  const etag = hash.digest("hex");
  return { etag, bytes: found.bytes, modified: found.modified, ...(await readMetadata(path, etag)) };
}

/** A disk that is pulled out, or a file that changes while it is read. */
async function cutMeansUnavailable(url: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Failed || !(error instanceof Error) || !("code" in error)) throw error;
    throw new Failed({
      kind: "remote-unavailable",
      url,
      reason: `it could not be read to its end: ${error.message}`,
    });
  }
}

async function upload(
  url: string,
  path: string,
  { from, metadata, signal, progress }: UploadRequest,
): Promise<RemoteObject> {
  await requireFolder(url, path);
  const source = take(await stat(from));
  if (source === undefined) throw new Failed({ kind: "vault-absent", path: from });
  const temp = take(await createTemp(dirname(path), basename(path)));
  const hash = createHash("sha256");
  try {
    await readPieces(take(await openRead(from)), source.bytes, {
      write: (piece) => {
        hash.update(piece);
        return temp.write(piece);
      },
      ...(signal === undefined ? {} : { signal }),
      ...(progress === undefined ? {} : { progress }),
    });
    const etag = hash.digest("hex");
    take(await temp.replace(path));
    take(await writeAtomic(metadataPath(path), `${JSON.stringify({ ...metadata, etag })}\n`));
    const written = take(await stat(path));
    return { etag, bytes: source.bytes, modified: written?.modified ?? source.modified, ...metadata };
  } catch (error) {
    await temp.discard();
    throw error;
  }
}

function metadataPath(path: string): string {
  return `${path}.meta.json`;
}

/** Only counts for the file it was written for: another program may have replaced the vault. */
async function readMetadata(path: string, etag: string): Promise<Partial<WriteMetadata>> {
  const text = await readText(metadataPath(path));
  if (!text.ok || text.value === undefined) return {};
  try {
    const read: unknown = JSON.parse(text.value);
    if (typeof read !== "object" || read === null || !("etag" in read) || read.etag !== etag) return {};
    const host = "host" in read && typeof read.host === "string" ? { host: read.host } : {};
    const writeId = "writeId" in read && typeof read.writeId === "string" ? { writeId: read.writeId } : {};
    return { ...host, ...writeId };
  } catch {
    return {};
  }
}
