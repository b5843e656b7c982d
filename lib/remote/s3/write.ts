import type { PutObjectCommand } from "@aws-sdk/client-s3";
import { attempts } from "../../aws/client-config.js";
import { awsFailure, readAwsError } from "../../aws/errors.js";
import type { FailureOf } from "../../failure/failure.js";
import { now, sleep } from "../../host/clock.js";
import { openRead, stat } from "../../host/files.js";
import { fail, ok, type Result, settle, take } from "../../failure/result.js";
import type { ConditionSupport } from "./endpoint-cache.js";
import { withProgress, sendBody } from "../body-stream.js";
import { type ConditionProbe, conditionHeader } from "./conditional-writes.js";
import { type PartSizes, uploadInParts } from "./multipart.js";
import { bucketAndKey, contentMd5, metadataHeaders, type ObjectLocation, unquoted } from "./location.js";
import { confirmAbsent, headObject } from "./read.js";
import type { Known, RemoteObject, Uploaded, UploadRequest } from "../remote-types.js";
import { conditionHolds, requireKnown } from "../presence.js";

/** In bytes; S3 accepts larger objects only in parts. */
const maxSingleUpload = 5 * 1024 ** 3;

/** What an upload needs to know about its destination. */
export interface Writer {
  readonly location: ObjectLocation;
  readonly conditions: ConditionProbe;
  readonly parts: PartSizes;
  readonly singleWriter: boolean;
}

/**
 * Uploads under the condition. Retries lost answers, 409 and 5xx, but not refusals; the write id tells a refusal from
 * an own write whose answer was lost.
 */
export async function uploadObject(writer: Writer, request: UploadRequest): Promise<Result<Uploaded>> {
  const conditional = await writer.conditions.find(request.signal);
  if (!conditional.ok) return conditional;
  const found = await stat(request.from);
  if (!found.ok) return found;
  if (found.value === undefined) return fail({ kind: "vault-absent", path: request.from });
  return new Upload(writer, request, found.value.bytes, conditional.value).run();
}

class Upload {
  readonly #writer: Writer;
  readonly #request: UploadRequest;
  readonly #bytes: number;
  #conditional: ConditionSupport;
  #probed = false;
  #withMd5 = false;

  constructor(writer: Writer, request: UploadRequest, bytes: number, conditional: ConditionSupport) {
    this.#writer = writer;
    this.#request = request;
    this.#bytes = bytes;
    this.#conditional = conditional;
  }

  async run(): Promise<Result<Uploaded>> {
    const { location } = this.#writer;
    const { signal } = this.#request;
    for (let attempt = 1; ;) {
      const unable = await settle(() => this.#unable());
      if (!unable.ok) return unable;
      if (unable.value !== undefined) return fail(unable.value);
      try {
        const uploaded = await settle(() => this.#attempt());
        if (uploaded.ok || uploaded.failure.kind !== "interrupted") return uploaded;
        return fail(awsFailure(uploaded, location.context(signal)));
      } catch (error) {
        if (signal?.aborted === true) return fail(awsFailure(error, location.context(signal)));
        const next = await this.#after(error);
        if (next !== "again") return next;
        if (attempt++ === attempts) return fail(awsFailure(error, location.context(signal)));
        await sleep(250 * 4 ** (attempt - 2), signal);
      }
    }
  }

  async #attempt(): Promise<Uploaded> {
    const { condition } = this.#request;
    const header = this.#conditional.honoured
      ? conditionHeader(condition, this.#conditional.etag)
      : undefined;
    if (await this.#inParts()) return this.#putParts(header);
    const found = header === undefined ? await this.#look() : undefined;
    return found === undefined
      ? { state: "written", object: await this.#put(header ?? {}) }
      : this.#instead(found);
  }

  /**
   * Decides whether to upload in parts. A server may honour conditions of single requests only, as Ceph 16 does; then
   * one request is used if possible.
   */
  async #inParts(): Promise<boolean> {
    const { parts, conditions } = this.#writer;
    const bytes = this.#bytes;
    if (bytes < parts.from) return false;
    if (!this.#conditional.honoured || bytes > maxSingleUpload) return true;
    this.#conditional = take(await conditions.probeCompletion(this.#conditional, this.#request.signal));
    return this.#conditional.honoured && this.#conditional.completion === true;
  }

  async #putParts(header: ReturnType<typeof conditionHeader> | undefined): Promise<Uploaded> {
    const { location, parts } = this.#writer;
    const { metadata } = this.#request;
    const bytes = this.#bytes;
    const done = await uploadInParts({
      location,
      request: this.#request,
      bytes,
      part: parts.part,
      condition: header ?? {},
      look: () => this.#look(),
    });
    if (typeof done !== "string") return this.#instead(done);
    return { state: "written", object: { etag: done, bytes, modified: now(), ...metadata } };
  }

  /** Returns the object if the condition does not hold. Just before a write, this leaves others only a short time. */
  async #look(): Promise<Known | undefined> {
    const found = requireKnown(await headObject(this.#writer.location, this.#request.signal));
    return conditionHolds(found, this.#request.condition) ? undefined : found;
  }

  #instead(found: Known): Uploaded {
    if (isOurs(found, this.#request.metadata.writeId)) return { state: "written", object: found.object };
    return { state: "refused", found };
  }

  async #unable(): Promise<FailureOf<"remote-unavailable"> | undefined> {
    const { location, singleWriter, conditions } = this.#writer;
    const { signal } = this.#request;
    if (singleWriter) return undefined;
    if (!this.#conditional.honoured) return noConditionalWrites(location.url, this.#conditional.why);
    if (this.#bytes <= maxSingleUpload) return undefined;
    this.#conditional = take(await conditions.probeCompletion(this.#conditional, signal));
    if (this.#conditional.honoured && this.#conditional.completion === true) return undefined;
    return noConditionalWrites(
      location.url,
      "it does so only for single requests, for which this vault is too large",
    );
  }

  /** Interprets a failed attempt; "again" means retry. */
  async #after(error: unknown): Promise<Result<Uploaded> | "again"> {
    const { location } = this.#writer;
    const { signal, condition } = this.#request;
    const { status, code } = readAwsError(error);
    // a multipart upload was completed, but its answer was lost
    if (status === 412 || code === "NoSuchUpload") return this.#refused(status === 412);
    if (status === 404 && condition !== "absent") {
      const presence = await confirmAbsent(location, signal);
      return presence.state === "unknown"
        ? fail(presence.failure)
        : ok({ state: "refused", found: presence });
    }
    if (status === 501 && this.#conditional.honoured && !this.#probed) return this.#probe();
    if (status === 400 && /^(InvalidRequest|MissingContentMD5)$/.test(code) && !this.#withMd5) {
      this.#withMd5 = true;
      return "again";
    }
    const again =
      status === undefined ||
      status === 409 ||
      status === 429 ||
      (status >= 500 && status !== 501) ||
      code === "RequestTimeout" ||
      code === "RequestTimeTooSkewed";
    return again ? "again" : fail(awsFailure(error, location.context(signal)));
  }

  /** Handles a refusal. A 412 although the condition holds means that the server differs from what was assumed. */
  async #refused(suspect: boolean): Promise<Result<Uploaded> | "again"> {
    const { location } = this.#writer;
    const { signal, condition, metadata } = this.#request;
    const found = await headObject(location, signal);
    if (found.state === "unknown") return fail(found.failure);
    if (isOurs(found, metadata.writeId)) return ok({ state: "written", object: found.object });
    if (!conditionHolds(found, condition)) return ok({ state: "refused", found });
    return this.#probed || !suspect ? "again" : this.#probe();
  }

  async #probe(): Promise<Result<Uploaded> | "again"> {
    this.#probed = true;
    const found = await this.#writer.conditions.probe(this.#request.signal);
    if (!found.ok) return found;
    this.#conditional = found.value;
    return "again";
  }

  async #put(condition: { IfNoneMatch?: string; IfMatch?: string }): Promise<RemoteObject> {
    const { from, metadata, signal, progress } = this.#request;
    const { location } = this.#writer;
    const bytes = this.#bytes;
    const { sdk, client } = await location.load();
    // the server checks the signed hash; only a bucket with Object Lock wants this one, which takes 2 s per GiB
    const md5 = this.#withMd5 ? { ContentMD5: await contentMd5(from, signal) } : {};
    const body = withProgress(take(await openRead(from)), bytes, progress);
    const put = new sdk.PutObjectCommand({
      ...bucketAndKey(location),
      ...condition,
      Body: body,
      ContentLength: bytes,
      ...md5,
      ContentType: "application/octet-stream",
      Metadata: metadataHeaders(metadata),
    });
    signContent(put, metadata.sha256);
    const answer = await sendBody(body, signal, (options) => client.send(put, options));
    return { etag: unquoted(answer.ETag), bytes, modified: now(), ...metadata };
  }
}

/** Signs the hash of the body, so that a server accepts only the sealed bytes. */
function signContent(put: PutObjectCommand, sha256: string): void {
  put.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers["x-amz-content-sha256"] = sha256;
      return next(args);
    },
    { step: "build", name: "signContent" },
  );
}

function noConditionalWrites(url: string, why: string): FailureOf<"remote-unavailable"> {
  return {
    kind: "remote-unavailable",
    url,
    reason: `the server does not honour conditional writes here (${why}), so two hosts could overwrite each other's vault`,
    hint: "If no other host ever pushes to it, set remote.single_writer: true in .tazpod/config.yaml. On Ceph, an unversioned bucket honours them; a versioned one does not.",
  };
}

function isOurs(found: Known, writeId: string): found is Known & { state: "present" } {
  return found.state === "present" && found.object.writeId === writeId;
}
