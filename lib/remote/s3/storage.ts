import { randomBytes } from "node:crypto";
import type * as S3 from "@aws-sdk/client-s3";
import { awsFailure, readAwsError } from "../../aws/errors.js";
import { Failed, type Result, settle } from "../../failure/result.js";
import { withTimeout, folderOf, probeBody, type ObjectLocation } from "./location.js";

/** A setting of the bucket and what was done. `passed`: skipped, since the server cannot do it or the user may not. */
export interface StorageStep {
  readonly what: string;
  readonly outcome: "done" | "already" | "passed" | "declined";
  /** Why it was skipped. */
  readonly reason?: string;
}

/** Which bucket to set up. */
export interface StorageRequest {
  readonly location: ObjectLocation;
  readonly region: string;
  /** Amazon needs the region of a new bucket; other servers have only one. */
  readonly amazon: boolean;
  /** Asked before a rule is added that ends unfinished uploads. */
  readonly wantsLifecycle: () => Promise<Result<boolean>>;
  readonly signal?: AbortSignal;
}

/**
 * Creates the bucket if missing, blocks public access, turns encryption on, and has unfinished multipart uploads
 * removed after a week. Correct settings, and everything else in the bucket, are left alone. A protection that makes
 * writing impossible is reverted. Failures: `remote-unavailable`, `no-credentials`, `interrupted`.
 */
export function setUpStorage(request: StorageRequest): Promise<Result<readonly StorageStep[]>> {
  return settle(async () => {
    const storage = new Storage(request, await request.location.load());
    return [
      await storage.bucket(),
      await storage.publicAccess(),
      await storage.encryption(),
      await storage.lifecycle(),
    ];
  });
}

type Loaded = Awaited<ReturnType<ObjectLocation["load"]>>;
type Answer<T> = { readonly value: T } | { readonly error: unknown; readonly status: number | undefined };

const closed = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

class Storage {
  readonly #request: StorageRequest;
  readonly #sdk: Loaded["sdk"];
  readonly #client: S3.S3Client;
  readonly #bucket: { readonly Bucket: string };

  constructor(request: StorageRequest, { sdk, client }: Loaded) {
    this.#request = request;
    this.#sdk = sdk;
    this.#client = client;
    this.#bucket = { Bucket: request.location.bucket };
  }

  async bucket(): Promise<StorageStep> {
    const what = `the bucket ${this.#bucket.Bucket}`;
    const found = await this.#try((options) =>
      this.#client.send(new this.#sdk.HeadBucketCommand(this.#bucket), options),
    );
    if ("value" in found) return { what, outcome: "already" };
    if (found.status !== 404) throw this.#failed(found.error);
    const { amazon, region } = this.#request;
    // the oldest region must not be named
    const inRegion = {
      CreateBucketConfiguration: { LocationConstraint: region as S3.BucketLocationConstraint },
    };
    const made = await this.#try((options) =>
      this.#client.send(
        new this.#sdk.CreateBucketCommand({
          ...this.#bucket,
          ...(amazon && region !== "us-east-1" ? inRegion : {}),
        }),
        options,
      ),
    );
    if ("value" in made) return { what, outcome: "done" };
    if (readAwsError(made.error).code === "BucketAlreadyOwnedByYou") return { what, outcome: "already" };
    throw this.#failed(made.error);
  }

  async publicAccess(): Promise<StorageStep> {
    const what = "no public access";
    const found = await this.#try((options) =>
      this.#client.send(new this.#sdk.GetPublicAccessBlockCommand(this.#bucket), options),
    );
    const now = "value" in found ? (found.value.PublicAccessBlockConfiguration ?? {}) : {};
    const isOn = (name: keyof typeof closed): boolean => now[name] === true;
    const wanted = Object.keys(closed) as (keyof typeof closed)[];
    if (wanted.every(isOn)) return { what, outcome: "already" };
    const reason = await this.#protect(closed, now);
    if (reason === undefined) return { what, outcome: "done" };
    // with it, Ceph 16 refuses every write without an ACL
    const { BlockPublicAcls: _, ...rest } = closed;
    const others = wanted.filter((name) => name !== "BlockPublicAcls");
    const why = `without BlockPublicAcls, with which ${reason}`;
    if (others.every(isOn)) return { what, outcome: "already", reason: why };
    const still = await this.#protect(rest, now);
    return still === undefined
      ? { what, outcome: "done", reason: why }
      : { what, outcome: "passed", reason: still };
  }

  /** Sets the protection; returns why it failed and was reverted, or undefined. */
  async #protect(
    wanted: S3.PublicAccessBlockConfiguration,
    before: S3.PublicAccessBlockConfiguration,
  ): Promise<string | undefined> {
    const set = await this.#setAccess(wanted);
    if ("error" in set) return this.#why(set.error);
    const refused = await this.#cannotWrite();
    if (refused !== undefined) await this.#setAccess(before);
    return refused;
  }

  async #setAccess(
    PublicAccessBlockConfiguration: S3.PublicAccessBlockConfiguration,
  ): Promise<Answer<unknown>> {
    const none = Object.keys(PublicAccessBlockConfiguration).length === 0;
    return this.#try<unknown>((options) =>
      none
        ? this.#client.send(new this.#sdk.DeletePublicAccessBlockCommand(this.#bucket), options)
        : this.#client.send(
            new this.#sdk.PutPublicAccessBlockCommand({ ...this.#bucket, PublicAccessBlockConfiguration }),
            options,
          ),
    );
  }

  async encryption(): Promise<StorageStep> {
    const what = "encryption by the server (the vault is sealed anyway)";
    const found = await this.#try((options) =>
      this.#client.send(new this.#sdk.GetBucketEncryptionCommand(this.#bucket), options),
    );
    if ("value" in found && (found.value.ServerSideEncryptionConfiguration?.Rules ?? []).length > 0)
      return { what, outcome: "already" };
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" as const } };
    const set = await this.#try((options) =>
      this.#client.send(
        new this.#sdk.PutBucketEncryptionCommand({
          ...this.#bucket,
          ServerSideEncryptionConfiguration: { Rules: [rule] },
        }),
        options,
      ),
    );
    if ("error" in set) return { what, outcome: "passed", reason: this.#why(set.error) };
    const refused = await this.#cannotWrite();
    if (refused === undefined) return { what, outcome: "done" };
    await this.#try((options) =>
      this.#client.send(new this.#sdk.DeleteBucketEncryptionCommand(this.#bucket), options),
    );
    return { what, outcome: "passed", reason: refused };
  }

  async lifecycle(): Promise<StorageStep> {
    const what = "unfinished uploads are removed after 7 days";
    const found = await this.#try((options) =>
      this.#client.send(new this.#sdk.GetBucketLifecycleConfigurationCommand(this.#bucket), options),
    );
    if ("error" in found && readAwsError(found.error).code !== "NoSuchLifecycleConfiguration")
      return { what, outcome: "passed", reason: this.#why(found.error) };
    const rules = "value" in found ? (found.value.Rules ?? []) : [];
    const Prefix = folderOf(this.#request.location.key);
    const ends = ({ Status, Filter, AbortIncompleteMultipartUpload: after }: S3.LifecycleRule): boolean =>
      Status === "Enabled" && after !== undefined && Prefix.startsWith(Filter?.Prefix ?? "");
    if (rules.some(ends)) return { what, outcome: "already" };
    const wanted = await this.#request.wantsLifecycle();
    if (!wanted.ok) throw new Failed(wanted.failure);
    if (!wanted.value) return { what, outcome: "declined" };
    const rule: S3.LifecycleRule = {
      ID: "tazpod-unfinished-uploads",
      Status: "Enabled",
      Filter: { Prefix },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    };
    const set = await this.#try((options) =>
      this.#client.send(
        new this.#sdk.PutBucketLifecycleConfigurationCommand({
          ...this.#bucket,
          LifecycleConfiguration: { Rules: [...rules, rule] },
        }),
        options,
      ),
    );
    return "error" in set
      ? { what, outcome: "passed", reason: this.#why(set.error) }
      : { what, outcome: "done" };
  }

  /** Returns why writing is impossible; undefined when it works. */
  async #cannotWrite(): Promise<string | undefined> {
    const name = `.tazpod-probe-${randomBytes(8).toString("hex")}`;
    const object = { ...this.#bucket, Key: `${folderOf(this.#request.location.key)}${name}` };
    const put = await this.#try((options) =>
      this.#client.send(new this.#sdk.PutObjectCommand({ ...object, ...probeBody }), options),
    );
    if ("error" in put) return "writing was no longer possible";
    const version = put.value.VersionId === undefined ? {} : { VersionId: put.value.VersionId };
    await this.#try((options) =>
      this.#client.send(new this.#sdk.DeleteObjectCommand({ ...object, ...version }), options),
    );
    return undefined;
  }

  async #try<T>(send: (options: { abortSignal: AbortSignal }) => Promise<T>): Promise<Answer<T>> {
    const { location, signal } = this.#request;
    try {
      return { value: await send(withTimeout(location, signal)) };
    } catch (error) {
      const { status } = readAwsError(error);
      // without an answer nothing is known
      if (status === undefined || status >= 502 || signal?.aborted === true) throw this.#failed(error);
      return { error, status };
    }
  }

  #failed(error: unknown): Failed {
    const { location, signal } = this.#request;
    return new Failed(awsFailure(error, location.context(signal)));
  }

  #why(error: unknown): string {
    const { status, code } = readAwsError(error);
    return status === 403 ? "this user is not allowed to" : `the server cannot (${code})`;
  }
}

/**
 * Returns the minimal IAM policy for tazpod: the vault, its history and the probe objects, all in the key's folder; and
 * s3:ListBucket, without which S3 answers 403 for a missing key.
 */
export function minimalPolicy(bucket: string, key: string): object {
  const arn = `arn:aws:s3:::${bucket}`;
  const folder = folderOf(key);
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "TazpodVault",
        Effect: "Allow",
        Action: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
        Resource: [`${arn}/${key}`, `${arn}/${folder}history/*`, `${arn}/${folder}.tazpod-probe-*`],
      },
      {
        Sid: "TazpodRemovesOldCopiesOnly",
        Effect: "Allow",
        Action: ["s3:DeleteObject", "s3:DeleteObjectVersion"],
        Resource: [`${arn}/${folder}history/*`, `${arn}/${folder}.tazpod-probe-*`],
      },
      { Sid: "TazpodSeesWhatIsThere", Effect: "Allow", Action: ["s3:ListBucket"], Resource: [arn] },
    ],
  };
}
