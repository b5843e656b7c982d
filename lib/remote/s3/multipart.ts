import { createHash } from "node:crypto";
import { openRead } from "../../host/files.js";
import { Failed, take } from "../../failure/result.js";
import {
  bucketAndKey,
  withTimeout,
  metadataHeaders,
  abortOptions,
  type ObjectLocation,
  unquoted,
} from "./location.js";
import type { Known, UploadRequest } from "../remote-types.js";

/** Sizes in bytes. S3 requires parts of at least 5 MiB, except for the last, and at most 10,000 of them. */
export interface PartSizes {
  /** Smaller vaults are uploaded in one request. */
  readonly from: number;
  readonly part: number;
}

/** The default sizes. */
export const partSizes: PartSizes = { from: 100 * 1024 ** 2, part: 16 * 1024 ** 2 };
const maxParts = 10_000;
const maxParallel = 4;

interface Part {
  readonly number: number;
  readonly etag: string;
  readonly md5: Buffer;
}

/** A multipart upload: what goes where, and under which condition. */
export interface MultipartUpload {
  readonly location: ObjectLocation;
  readonly request: UploadRequest;
  readonly bytes: number;
  readonly part: number;
  /** The headers of the condition, for the completion. */
  readonly condition: { readonly IfNoneMatch?: string; readonly IfMatch?: string };
  /**
   * Called before the completion when the server honours no conditions: returns the object there if the condition does
   * not hold.
   */
  readonly look?: () => Promise<Known | undefined>;
}

/**
 * Uploads in parts and completes the object at the end; the old one stays until then. Aborts the upload on failure, if
 * the server is reachable. Returns the ETag, or what `look` found. Throws `Failed` and SDK errors.
 */
export async function uploadInParts(upload: MultipartUpload): Promise<string | Known> {
  const { location, request } = upload;
  const { sdk, client } = await location.load();
  const create = new sdk.CreateMultipartUploadCommand({
    ...bucketAndKey(location),
    ContentType: "application/octet-stream",
    Metadata: metadataHeaders(request.metadata),
  });
  const { UploadId } = await client.send(create, withTimeout(location, request.signal));
  const target = { ...bucketAndKey(location), UploadId };
  try {
    const parts = await uploadParts(upload, target);
    const found = await upload.look?.();
    if (found === undefined) return await complete(upload, target, parts);
    await abort(location, target);
    return found;
  } catch (error) {
    await abort(location, target);
    throw error;
  }
}

type Target = ReturnType<typeof bucketAndKey> & { readonly UploadId: string | undefined };

/** Uploads a few parts in parallel; the first failure stops the others. */
async function uploadParts(upload: MultipartUpload, target: Target): Promise<readonly Part[]> {
  const { location, request, bytes } = upload;
  const size = Math.max(upload.part, Math.ceil(bytes / maxParts));
  const count = Math.ceil(bytes / size);
  const stop = new AbortController();
  const signal = request.signal === undefined ? stop.signal : AbortSignal.any([request.signal, stop.signal]);
  const parts: Part[] = [];
  let [next, sent] = [1, 0];
  const work = async (): Promise<void> => {
    while (next <= count && !signal.aborted) {
      const number = next++;
      const start = (number - 1) * size;
      const body = await slice(request.from, start, Math.min(bytes, start + size));
      parts.push(await uploadPart(location, target, number, body, signal));
      sent += body.length;
      request.progress?.(sent, bytes);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(maxParallel, count) }, work));
  } catch (error) {
    stop.abort();
    throw error;
  }
  if (signal.aborted) throw new Failed({ kind: "interrupted", signal: "SIGINT" });
  return parts.toSorted((a, b) => a.number - b.number);
}

async function uploadPart(
  location: ObjectLocation,
  target: Target,
  number: number,
  body: Buffer,
  signal: AbortSignal,
): Promise<Part> {
  const { sdk, client } = await location.load();
  const md5 = createHash("md5").update(body).digest();
  const command = new sdk.UploadPartCommand({
    ...target,
    PartNumber: number,
    Body: body,
    ContentMD5: md5.toString("base64"),
  });
  const { ETag } = await client.send(command, abortOptions(signal));
  return { number, md5, etag: ETag ?? `"${md5.toString("hex")}"` };
}

async function slice(path: string, start: number, end: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const stream = take(await openRead(path, { start, end: end - 1, highWaterMark: 1024 ** 2 }));
  for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function complete(
  { location, request, condition }: MultipartUpload,
  target: Target,
  parts: readonly Part[],
): Promise<string> {
  const { sdk, client } = await location.load();
  const command = new sdk.CompleteMultipartUploadCommand({
    ...target,
    ...condition,
    MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
  });
  const { ETag } = await client.send(command, abortOptions(request.signal));
  if (ETag !== undefined && ETag !== "") return unquoted(ETag);
  // Ceph 16 returns no ETag; this is how it and Amazon compute it
  const all = createHash("md5").update(Buffer.concat(parts.map(({ md5 }) => md5)));
  return `${all.digest("hex")}-${parts.length}`;
}

/** Aborts the upload, even after an interrupt, within the usual time limit. */
async function abort(location: ObjectLocation, target: Target): Promise<void> {
  const { sdk, client } = await location.load();
  await client
    .send(new sdk.AbortMultipartUploadCommand(target), withTimeout(location, undefined))
    .catch(() => undefined);
}
