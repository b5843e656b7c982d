import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { RequestLimits } from "../../aws/client-config.js";
import type { LoadedClient } from "../../aws/client.js";
import type { RequestContext } from "../../aws/errors.js";
import { take } from "../../failure/result.js";
import { fileHash } from "../../host/file-hash.js";
import { printable } from "../../host/printable.js";
import type { RemoteObject, WriteMetadata } from "../remote-types.js";

/** A key in a bucket, and how to reach it. */
export interface ObjectLocation {
  readonly url: string;
  readonly bucket: string;
  readonly key: string;
  readonly limits: RequestLimits;
  readonly load: () => Promise<LoadedClient>;
  readonly context: (signal: AbortSignal | undefined) => RequestContext;
}

/** Returns the location's parameters for SDK commands. */
export function bucketAndKey({ bucket, key }: ObjectLocation): {
  readonly Bucket: string;
  readonly Key: string;
} {
  return { Bucket: bucket, Key: key };
}

const probe = Buffer.from("probe\n");

/** The body of an object that only finds out whether writing works. */
export const probeBody = { Body: probe, ContentMD5: createHash("md5").update(probe).digest("base64") };

/**
 * Returns the MD5 of a file as the header has it: a bucket with Object Lock refuses an upload without a checksum, and this
 * is the one that every server of such buckets knows. Throws `Failed`.
 */
export async function contentMd5(path: string, signal: AbortSignal | undefined): Promise<string> {
  return Buffer.from(take(await fileHash(path, signal, "md5")), "hex").toString("base64");
}

/** Returns the key's folder with its slash; empty at the top level. */
export function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/") + 1);
}

/** Returns the request options for an abort signal. */
export function abortOptions(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** Returns the options of a request without a body: one time limit for all attempts. */
export function withTimeout(
  { limits }: ObjectLocation,
  signal: AbortSignal | undefined,
): { abortSignal: AbortSignal } {
  const limit = AbortSignal.timeout(limits.stall);
  return { abortSignal: signal === undefined ? limit : AbortSignal.any([signal, limit]) };
}

interface ObjectHeaders {
  readonly ETag?: string | undefined;
  readonly ContentLength?: number | undefined;
  readonly LastModified?: Date | undefined;
  readonly Metadata?: Record<string, string> | undefined;
}

/** Converts the headers of a HEAD or GET answer. */
export function toRemoteObject({
  ETag,
  ContentLength,
  LastModified,
  Metadata = {},
}: ObjectHeaders): RemoteObject {
  const host = Metadata["tazpod-host"];
  const writeId = Metadata["tazpod-write-id"];
  const generation = Metadata["tazpod-generation"] ?? "";
  const sha256 = Metadata["tazpod-sha256"] ?? "";
  const parents = Metadata["tazpod-parents"] ?? "";
  return {
    etag: unquoted(ETag),
    bytes: ContentLength ?? 0,
    modified: LastModified ?? new Date(0),
    host: host === undefined ? undefined : printable(decoded(host)),
    writeId,
    ...(/^\d{1,15}$/.test(generation) ? { generation: Number(generation) } : {}),
    ...(/^[0-9a-f]{64}$/.test(sha256) ? { sha256 } : {}),
    ...(/^(?:-|(?:[0-9a-f]{12})+)$/.test(parents) ? { parents: parents.match(/[0-9a-f]{12}/g) ?? [] } : {}),
  };
}

/** Returns the metadata headers. Metadata is ASCII only, so the host name is percent-encoded. */
export function metadataHeaders(metadata: Partial<WriteMetadata>): Record<string, string> {
  const { host, writeId, generation, sha256, parents } = metadata;
  return {
    ...(host === undefined ? {} : { "tazpod-host": encodeURIComponent(host) }),
    ...(writeId === undefined ? {} : { "tazpod-write-id": writeId }),
    ...(generation === undefined ? {} : { "tazpod-generation": String(generation) }),
    ...(sha256 === undefined ? {} : { "tazpod-sha256": sha256 }),
    // an empty value would not survive every server
    ...(parents === undefined ? {} : { "tazpod-parents": parents.join("") || "-" }),
  };
}

function decoded(host: string): string {
  try {
    return decodeURIComponent(host);
  } catch {
    return host;
  }
}

/** Returns an ETag without quotes. */
export function unquoted(etag: string | undefined): string {
  return (etag ?? "").replace(/^"|"$/g, "");
}

/** Returns the SDK's body as a stream. */
export function asReadable(body: unknown): Readable {
  if (body instanceof Object && "destroy" in body && Symbol.asyncIterator in body) return body as Readable;
  throw new Error("the SDK returned no stream");
}
