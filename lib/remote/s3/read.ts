import type { GetObjectOutput } from "@aws-sdk/client-s3";
import { attempts } from "../../aws/client-config.js";
import { awsFailure, isNetworkCode, readAwsError } from "../../aws/errors.js";
import { sleep } from "../../host/clock.js";
import type { FailureOf } from "../../failure/failure.js";
import { Failed, fail, ok, type Result, take } from "../../failure/result.js";
import { readBody } from "../body-stream.js";
import {
  bucketAndKey,
  asReadable,
  withTimeout,
  toRemoteObject,
  abortOptions,
  type ObjectLocation,
} from "./location.js";
import type { DownloadRequest, Presence, RemoteObject } from "../remote-types.js";

/** Returns the object's presence; a missing bucket is `unknown`. */
export async function headObject(location: ObjectLocation, signal?: AbortSignal): Promise<Presence> {
  try {
    const { sdk, client } = await location.load();
    const answer = await client.send(
      new sdk.HeadObjectCommand(bucketAndKey(location)),
      withTimeout(location, signal),
    );
    const failure = notFromS3(location, answer);
    return failure === undefined
      ? { state: "present", object: toRemoteObject(answer) }
      : { state: "unknown", failure };
  } catch (error) {
    const { status } = readAwsError(error);
    if (status === 404) return confirmAbsent(location, signal);
    // The answer to a HEAD has no body and no reason; a GET's has.
    const why = status !== undefined && status < 500 ? await forbiddenReason(location, signal) : undefined;
    return { state: "unknown", failure: awsFailure(why ?? error, location.context(signal)) };
  }
}

/** Returns the failure of an answer that S3 does not give, such as the login page of a network. */
function notFromS3(
  { url }: ObjectLocation,
  { ETag, ContentLength }: Pick<GetObjectOutput, "ETag" | "ContentLength">,
): FailureOf<"remote-unavailable"> | undefined {
  if (ETag === undefined)
    return {
      kind: "remote-unavailable",
      url,
      reason: "what answers is not an S3 server: the answer has no ETag",
      hint: "It may be the login page of this network, a proxy, or the port of a web console. Open a web page to log in to the network, or check the endpoint.",
    };
  if (ContentLength === undefined)
    return {
      kind: "remote-unavailable",
      url,
      reason:
        "the answer does not say how long the vault is (no Content-Length), so a cut one could not be told from a whole one",
      hint: "A proxy between here and the server may drop it; add the server to NO_PROXY.",
    };
  return undefined;
}

/** Confirms a 404: the key is absent only if the bucket exists. */
export async function confirmAbsent(
  location: ObjectLocation,
  signal: AbortSignal | undefined,
): Promise<Presence> {
  try {
    const { sdk, client } = await location.load();
    await client.send(new sdk.HeadBucketCommand({ Bucket: location.bucket }), withTimeout(location, signal));
    return { state: "absent" };
  } catch (error) {
    const missing =
      readAwsError(error).status === 404
        ? Object.assign(new Error("no bucket"), { name: "NoSuchBucket" })
        : error;
    return { state: "unknown", failure: awsFailure(missing, location.context(signal)) };
  }
}

async function forbiddenReason(location: ObjectLocation, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    const { sdk, client } = await location.load();
    const { Body } = await client.send(
      new sdk.GetObjectCommand({ ...bucketAndKey(location), Range: "bytes=0-0" }),
      withTimeout(location, signal),
    );
    asReadable(Body).destroy();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Downloads the object; an interrupted download resumes if the object is still the same. */
export async function downloadObject(
  location: ObjectLocation,
  request: DownloadRequest,
): Promise<Result<RemoteObject>> {
  const download = new Download(location, request);
  for (let cuts = 0; ; cuts++) {
    try {
      return ok(await download.startOrResume());
    } catch (error) {
      if (error instanceof Failed && error.failure.kind !== "interrupted") return fail(error.failure);
      const { status, code } = readAwsError(error);
      const { signal } = request;
      if (status === 404 && !download.begun) return missing(location, signal);
      const cut = status === undefined ? isNetworkCode(code) : status >= 500;
      if (!cut || !download.begun || cuts === attempts || signal?.aborted === true)
        return fail(awsFailure(error, location.context(signal)));
      await sleep(250 * 2 ** cuts, signal);
    }
  }
}

async function missing(location: ObjectLocation, signal: AbortSignal | undefined): Promise<Result<never>> {
  const presence = await confirmAbsent(location, signal);
  return fail(presence.state === "unknown" ? presence.failure : { kind: "remote-absent", url: location.url });
}

class Download {
  readonly #location: ObjectLocation;
  readonly #request: DownloadRequest;
  #object: RemoteObject | undefined;
  #at = 0;

  constructor(location: ObjectLocation, request: DownloadRequest) {
    this.#location = location;
    this.#request = request;
  }

  get begun(): boolean {
    return this.#object !== undefined;
  }

  /** Starts or resumes the download. Throws what `readBody` throws, and SDK errors. */
  async startOrResume(): Promise<RemoteObject> {
    // the connection broke after the last byte
    if (this.#object !== undefined && this.#at === this.#object.bytes) return this.#object;
    const { write, signal, progress } = this.#request;
    const { object, body } =
      this.#object === undefined ? await this.#begin() : await this.#resume(this.#object);
    const start = this.#at;
    await readBody(
      body,
      object.bytes - start,
      {
        write: async (piece) => {
          const written = await write(piece);
          if (written.ok) this.#at += piece.length;
          return written;
        },
        signal,
        progress: progress === undefined ? undefined : (bytes) => progress(start + bytes, object.bytes),
      },
      this.#location.limits.stall,
    );
    return object;
  }

  async #begin() {
    const answer = await this.#get({});
    const body = asReadable(answer.Body);
    const object = toRemoteObject(answer);
    const wrong = notFromS3(this.#location, answer);
    const looked = wrong === undefined ? this.#request.inspect?.(object) : fail(wrong);
    if (looked?.ok === false) body.destroy();
    if (looked !== undefined) take(looked);
    this.#object = object;
    return { object, body };
  }

  async #resume(object: RemoteObject) {
    try {
      const answer = await this.#get({ Range: `bytes=${this.#at}-`, IfMatch: `"${object.etag}"` });
      const body = asReadable(answer.Body);
      if (answer.ContentRange?.startsWith(`bytes ${this.#at}-`) === true) return { object, body };
      body.destroy();
    } catch (error) {
      if (![404, 412, 416].includes(readAwsError(error).status ?? 0)) throw error;
    }
    throw new Failed({
      kind: "remote-unavailable",
      url: this.#location.url,
      reason: "the connection broke, and the object changed in the meantime",
      hint: "Try again.",
    });
  }

  async #get(part: { Range?: string; IfMatch?: string }) {
    const { sdk, client } = await this.#location.load();
    return client.send(
      new sdk.GetObjectCommand({ ...bucketAndKey(this.#location), ...part }),
      abortOptions(this.#request.signal),
    );
  }
}
