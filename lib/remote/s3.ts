import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { attempts, clientConfig, identity, limits } from "../aws/client-config.js";
import { loadClient, type LoadedClient } from "../aws/client.js";
import { credentialsVerdict } from "../aws/credentials.js";
import { awsFailure, readAwsError, type RequestContext } from "../aws/errors.js";
import { now, sleep } from "../host/clock.js";
import { openRead, stat } from "../host/files.js";
import { Failed, fail, ok, type Result, settle, take } from "../result.js";
import { counted, readPieces } from "./pieces.js";
import type {
  DownloadRequest,
  Presence,
  Remote,
  RemoteObject,
  RemoteSettings,
  UploadRequest,
} from "./types.js";

/**
 * A vault in an S3 bucket. The key's metadata names the host and the id of the write (tazpod-host, tazpod-write-id).
 * Every request ends: 5 s to connect, 30 s without a byte, three attempts.
 */
export function s3Remote(settings: RemoteSettings): Remote {
  const { bucket, key } = parseUrl(settings.url);
  const config = clientConfig(settings, process.env);
  let loaded: Promise<LoadedClient> | undefined;
  const load = (): Promise<LoadedClient> => (loaded ??= loadClient(config));
  const object = new S3Object(load, { Bucket: bucket, Key: key }, (signal) => ({
    url: settings.url,
    bucket,
    region: settings.region,
    identity: identity(settings, process.env),
    signal,
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
  }));
  const login = `Run \`tazpod login\`${settings.profile === undefined ? "" : `, or \`aws sso login --profile ${settings.profile}\``}.`;
  return {
    kind: "s3",
    url: settings.url,
    credentials: (signal) =>
      credentialsVerdict(async () => (await load()).client.config.credentials(), {
        identity: identity(settings, process.env),
        login,
        signal,
      }),
    head: (signal) => object.head(signal),
    download: (request) => object.download(request),
    upload: (request) => object.upload(request),
  };
}

function parseUrl(url: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([^/]+)\/(.+)$/.exec(url);
  if (match === null)
    throw new Error(`${url} is not s3://bucket/key; the config's schema lets nothing else through`);
  return { bucket: match[1] ?? "", key: match[2] ?? "" };
}

class S3Object {
  readonly #load: () => Promise<LoadedClient>;
  readonly #address: { readonly Bucket: string; readonly Key: string };
  readonly #context: (signal: AbortSignal | undefined) => RequestContext;

  constructor(
    load: () => Promise<LoadedClient>,
    address: { Bucket: string; Key: string },
    context: (signal: AbortSignal | undefined) => RequestContext,
  ) {
    this.#load = load;
    this.#address = address;
    this.#context = context;
  }

  async head(signal?: AbortSignal): Promise<Presence> {
    const { sdk, client } = await this.#load();
    try {
      const answer = await client.send(new sdk.HeadObjectCommand(this.#address), briefly(signal));
      return { state: "present", object: described(answer) };
    } catch (error) {
      const { status } = readAwsError(error);
      if (status === 404) return this.#absent(signal);
      // The answer to a HEAD has no body, so it does not say why; the one to a GET does.
      const why = status !== undefined && status < 500 ? await this.#reason(signal) : undefined;
      return { state: "unknown", failure: awsFailure(why ?? error, this.#context(signal)) };
    }
  }

  /** A 404 is the key's only if the bucket is there. */
  async #absent(signal: AbortSignal | undefined): Promise<Presence> {
    const { sdk, client } = await this.#load();
    try {
      await client.send(new sdk.HeadBucketCommand({ Bucket: this.#address.Bucket }), briefly(signal));
      return { state: "absent" };
    } catch (error) {
      const missing =
        readAwsError(error).status === 404
          ? Object.assign(new Error("no bucket"), { name: "NoSuchBucket" })
          : error;
      return { state: "unknown", failure: awsFailure(missing, this.#context(signal)) };
    }
  }

  async #reason(signal: AbortSignal | undefined): Promise<unknown> {
    const { sdk, client } = await this.#load();
    try {
      const { Body } = await client.send(
        new sdk.GetObjectCommand({ ...this.#address, Range: "bytes=0-0" }),
        briefly(signal),
      );
      asReadable(Body).destroy();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async download(request: DownloadRequest): Promise<Result<RemoteObject>> {
    const context = this.#context(request.signal);
    const { sdk, client } = await this.#load();
    try {
      const answer = await client.send(new sdk.GetObjectCommand(this.#address), options(request.signal));
      const object = described(answer);
      await readPieces(asReadable(answer.Body), object.bytes, request);
      return ok(object);
    } catch (error) {
      if (error instanceof Failed)
        return error.failure.kind === "interrupted" ? fail(awsFailure(error, context)) : fail(error.failure);
      if (readAwsError(error).status === 404) return this.#missing(request.signal);
      return fail(awsFailure(error, context));
    }
  }

  async #missing(signal: AbortSignal | undefined): Promise<Result<never>> {
    const presence = await this.#absent(signal);
    return fail(
      presence.state === "unknown"
        ? presence.failure
        : { kind: "remote-absent", url: this.#context(signal).url },
    );
  }

  /** The body is read afresh for each attempt, so the attempts are made here and not by the SDK. */
  async upload(request: UploadRequest): Promise<Result<RemoteObject>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await settle(() => this.#put(request));
      } catch (error) {
        const { status } = readAwsError(error);
        const again = attempt < attempts && (status === undefined || status >= 500 || status === 409);
        if (request.signal?.aborted === true || !again)
          return fail(awsFailure(error, this.#context(request.signal)));
        await sleep(250 * 4 ** (attempt - 1), request.signal);
      }
    }
  }

  async #put({ from, metadata, signal, progress }: UploadRequest): Promise<RemoteObject> {
    const { sdk, client } = await this.#load();
    const found = take(await stat(from));
    if (found === undefined) throw new Failed({ kind: "vault-absent", path: from });
    const { bytes } = found;
    const md5 = createHash("md5");
    for await (const piece of take(await openRead(from))) md5.update(piece as Buffer);
    const body = counted(take(await openRead(from)), bytes, progress);
    try {
      const put = new sdk.PutObjectCommand({
        ...this.#address,
        Body: body,
        ContentLength: bytes,
        ContentMD5: md5.digest("base64"),
        ContentType: "application/octet-stream",
        Metadata: { "tazpod-host": encodeURIComponent(metadata.host), "tazpod-write-id": metadata.writeId },
      });
      const answer = await client.send(put, options(signal));
      return { etag: unquoted(answer.ETag), bytes, modified: now(), ...metadata };
    } finally {
      // A request that fails before it is sent leaves its body open.
      body.destroy();
    }
  }
}

function options(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** For requests without a body: one limit for all attempts together. */
function briefly(signal: AbortSignal | undefined): { abortSignal: AbortSignal } {
  const limit = AbortSignal.timeout(limits.stall);
  return { abortSignal: signal === undefined ? limit : AbortSignal.any([signal, limit]) };
}

interface Description {
  readonly ETag?: string | undefined;
  readonly ContentLength?: number | undefined;
  readonly LastModified?: Date | undefined;
  readonly Metadata?: Record<string, string> | undefined;
}

function described({ ETag, ContentLength, LastModified, Metadata }: Description): RemoteObject {
  const host = Metadata?.["tazpod-host"];
  const writeId = Metadata?.["tazpod-write-id"];
  return {
    etag: unquoted(ETag),
    bytes: ContentLength ?? 0,
    modified: LastModified ?? new Date(0),
    ...(host === undefined ? {} : { host: decoded(host) }),
    ...(writeId === undefined ? {} : { writeId }),
  };
}

/** Metadata is ASCII only, so the host's name travels percent-encoded. */
function decoded(host: string): string {
  try {
    return decodeURIComponent(host);
  } catch {
    return host;
  }
}

function unquoted(etag: string | undefined): string {
  return (etag ?? "").replace(/^"|"$/g, "");
}

function asReadable(body: unknown): Readable {
  if (body instanceof Object && "destroy" in body && Symbol.asyncIterator in body) return body as Readable;
  throw new Error("the SDK gave no stream");
}
