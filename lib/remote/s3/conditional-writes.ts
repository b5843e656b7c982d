import { randomBytes } from "node:crypto";
import { attempts } from "../../aws/client-config.js";
import type { LoadedClient } from "../../aws/client.js";
import { awsFailure, readAwsError } from "../../aws/errors.js";
import { Failed, fail, ok, type Result, settle } from "../../failure/result.js";
import type { ConditionSupport, EndpointCache } from "./endpoint-cache.js";
import { withTimeout, folderOf, probeBody, type ObjectLocation, unquoted } from "./location.js";
import type { WriteCondition } from "../remote-types.js";

/** As Amazon documents it; other servers are probed. */
const amazon: ConditionSupport = { honoured: true, etag: "quoted", completion: true };

/** Finds out how the server handles conditional writes: known, cached or probed. */
export class ConditionProbe {
  readonly #location: ObjectLocation;
  readonly #cache: EndpointCache;
  readonly #name: string;
  readonly #assumed: boolean;
  #known: ConditionSupport | undefined;

  constructor(location: ObjectLocation, cache: EndpointCache, endpoint: string | undefined) {
    this.#location = location;
    this.#cache = cache;
    this.#name = `${endpoint ?? "amazon"} ${location.bucket}`;
    this.#assumed = endpoint === undefined;
  }

  async find(signal?: AbortSignal): Promise<Result<ConditionSupport>> {
    const known = await this.known();
    return known === undefined ? this.probe(signal) : ok(known);
  }

  /** Returns what is known without asking the server. */
  async known(): Promise<ConditionSupport | undefined> {
    this.#known ??= (await this.#cache.read(this.#name)) ?? (this.#assumed ? amazon : undefined);
    return this.#known;
  }

  /** Probes the server, whatever is known. */
  async probe(signal?: AbortSignal): Promise<Result<ConditionSupport>> {
    const found = await probe(this.#location, signal);
    if (found.ok) await this.#note(found.value);
    return found;
  }

  /** Finds out whether it also honours conditions of multipart uploads; probed once, when first needed. */
  async probeCompletion(known: ConditionSupport, signal?: AbortSignal): Promise<Result<ConditionSupport>> {
    if (!known.honoured || known.completion !== undefined) return ok(known);
    const found = await settle(() => new ProbeRun(this.#location, signal).runCompletion(known.etag));
    if (!found.ok) return found;
    const noted = { ...known, completion: found.value };
    await this.#note(noted);
    return ok(noted);
  }

  async #note(conditional: ConditionSupport): Promise<void> {
    this.#known = conditional;
    await this.#cache.write(this.#name, conditional);
  }
}

/** Returns the header for a condition. */
export function conditionHeader(
  condition: WriteCondition,
  etag: "quoted" | "unquoted",
): { IfNoneMatch?: string; IfMatch?: string } {
  if (condition === "absent") return { IfNoneMatch: "*" };
  return { IfMatch: etag === "quoted" ? `"${condition.replaces}"` : condition.replaces };
}

type Condition = ReturnType<typeof conditionHeader>;
type Answer = "written" | "refused" | "unable";

/**
 * Creates an object next to the vault twice, and replaces it with a wrong ETag and with the right one, quoted and
 * unquoted. A server honours conditions if the first and last writes succeed and the two between are refused.
 */
async function probe(
  location: ObjectLocation,
  signal: AbortSignal | undefined,
): Promise<Result<ConditionSupport>> {
  for (let attempt = 1; ; attempt++) {
    const found = await settle(() => new ProbeRun(location, signal).run());
    if (!found.ok) return found;
    if (found.value !== undefined) return ok(found.value);
    if (attempt === attempts)
      return fail({
        kind: "remote-unavailable",
        url: location.url,
        reason: "could not find out whether the server honours conditional writes",
        hint: "Try again.",
      });
  }
}

class ProbeRun {
  readonly #location: ObjectLocation;
  readonly #signal: AbortSignal | undefined;
  readonly #object: { readonly Bucket: string; readonly Key: string };
  readonly #versions = new Set<string | undefined>();
  #etag = "";

  constructor(location: ObjectLocation, signal: AbortSignal | undefined) {
    this.#location = location;
    this.#signal = signal;
    const name = `.tazpod-probe-${randomBytes(8).toString("hex")}`;
    this.#object = { Bucket: location.bucket, Key: `${folderOf(location.key)}${name}` };
  }

  async run(): Promise<ConditionSupport | undefined> {
    try {
      return await this.#ask();
    } finally {
      await this.#remove();
    }
  }

  async runCompletion(etag: "quoted" | "unquoted"): Promise<boolean> {
    try {
      if ((await this.#put({})) !== "written") return false;
      const stale = conditionHeader({ replaces: "00000000000000000000000000000000" }, etag);
      const right = conditionHeader({ replaces: this.#etag }, etag);
      for (const condition of [{ IfNoneMatch: "*" }, stale])
        if ((await this.#complete(condition)) !== "refused") return false;
      return (await this.#complete(right)) === "written";
    } finally {
      await this.#remove();
    }
  }

  async #ask(): Promise<ConditionSupport | undefined> {
    // an existing object is our own, whose answer was lost: that proves nothing
    const first = await this.#put({ IfNoneMatch: "*" });
    if (first === "refused") return void this.#versions.add(undefined);
    if (first === "unable") return { honoured: false, why: "it does not support them" };
    if ((await this.#put({ IfNoneMatch: "*" })) === "written")
      return { honoured: false, why: "it overwrites an object that must not exist" };
    const stale = "00000000000000000000000000000000";
    for (const IfMatch of [`"${stale}"`, stale]) {
      if ((await this.#put({ IfMatch })) === "written")
        return { honoured: false, why: "it overwrites an object other than the expected one" };
    }
    // the same bytes each time, so the ETag stays even if an answer is lost
    if ((await this.#put({ IfMatch: `"${this.#etag}"` })) === "written")
      return { honoured: true, etag: "quoted" };
    if ((await this.#put({ IfMatch: this.#etag })) === "written") return { honoured: true, etag: "unquoted" };
    return { honoured: false, why: "it refuses every conditional replacement" };
  }

  #put(condition: Condition): Promise<Answer> {
    return this.#answer(async ({ sdk, client }) => {
      const command = new sdk.PutObjectCommand({
        ...this.#object,
        ...condition,
        ...probeBody,
      });
      const answer = await client.send(command, withTimeout(this.#location, this.#signal));
      this.#etag = unquoted(answer.ETag);
      return answer;
    });
  }

  /** Uploads one part and completes it under the condition; aborts it if refused. */
  async #complete(condition: Condition): Promise<Answer> {
    const { sdk, client } = await this.#location.load();
    const brief = withTimeout(this.#location, this.#signal);
    let target: { Bucket: string; Key: string; UploadId: string | undefined } | undefined;
    const answer = await this.#answer(async () => {
      const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(this.#object), brief);
      target = { ...this.#object, UploadId };
      const part = { ...target, PartNumber: 1, ...probeBody };
      const { ETag } = await client.send(new sdk.UploadPartCommand(part), brief);
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
      return client.send(
        new sdk.CompleteMultipartUploadCommand({ ...target, ...condition, MultipartUpload }),
        brief,
      );
    });
    if (target !== undefined && answer !== "written")
      await client.send(new sdk.AbortMultipartUploadCommand(target), brief).catch(() => undefined);
    return answer;
  }

  async #answer(
    ask: (loaded: LoadedClient) => Promise<{ readonly VersionId?: string | undefined }>,
  ): Promise<Answer> {
    try {
      this.#versions.add((await ask(await this.#location.load())).VersionId);
      return "written";
    } catch (error) {
      const { status } = readAwsError(error);
      if (status === 412) return "refused";
      if (status === 501) return "unable";
      throw new Failed(awsFailure(error, this.#location.context(this.#signal)));
    }
  }

  /** Removes the object and its versions. Leftovers have their own name and are harmless. */
  async #remove(): Promise<void> {
    const { sdk, client } = await this.#location.load();
    for (const VersionId of this.#versions) {
      const version = VersionId === undefined ? {} : { VersionId };
      await client
        .send(
          new sdk.DeleteObjectCommand({ ...this.#object, ...version }),
          withTimeout(this.#location, undefined),
        )
        .catch(() => undefined);
    }
  }
}
