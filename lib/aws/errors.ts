import type { Failure } from "../failure/failure.js";
import { Failed } from "../failure/result.js";
import { defaultBucket } from "./client-config.js";

/** What is known when a request to S3 fails. */
export interface RequestContext {
  readonly url: string;
  readonly bucket: string;
  readonly region: string;
  readonly endpoint?: string;
  /** "profile tazlab" */
  readonly identity: string;
  readonly signal?: AbortSignal | undefined;
}

/** The parts of an SDK error that tell what happened. */
export interface AwsError {
  /** The code of S3's answer ("AccessDenied"), of the socket ("ECONNREFUSED"), or the error's name. */
  readonly code: string;
  /** The HTTP status, where there was an answer. */
  readonly status?: number;
  readonly message: string;
  /** The region that S3 says the bucket is in. */
  readonly region?: string;
}

export function readAwsError(error: unknown): AwsError {
  const record = asRecord(error);
  const metadata = asRecord(record["$metadata"]);
  const headers = asRecord(asRecord(record["$response"])["headers"]);
  const status = metadata["httpStatusCode"];
  const region = headers["x-amz-bucket-region"] ?? record["Region"];
  const cause = firstCode([record, asRecord(record["cause"]), ...asList(record["errors"]).map(asRecord)]);
  return {
    code: cause ?? text(record["Code"]) ?? text(record["name"]) ?? "unknown",
    message: text(record["message"]) ?? String(error),
    ...(typeof status === "number" ? { status } : {}),
    ...(typeof region === "string" ? { region } : {}),
  };
}

/** A failed request as a failure, in plain words with what to do. Never `absent`: that is for the caller to find out. */
export function awsFailure(error: unknown, context: RequestContext): Failure {
  if (context.signal?.aborted === true) return interrupted(context.signal);
  if (error instanceof Failed) return error.failure;
  const { url } = context;
  const found = readAwsError(error);
  const [reason, hint] = words(found, context);
  if (found.code === "CredentialsProviderError") {
    return {
      kind: "no-credentials",
      detail: `There are no credentials (${context.identity})`,
      hint: "Run `tazpod login`.",
    };
  }
  return { kind: "remote-unavailable", url, reason, ...(hint === undefined ? {} : { hint }) };
}

export function interrupted(signal: AbortSignal): Failure {
  return { kind: "interrupted", signal: typeof signal.reason === "string" ? signal.reason : "SIGINT" };
}

/** Errors that say "not reached": the answer may be another one in a minute, or on another network. */
export function isNetworkCode(code: string): boolean {
  return /^(E[A-Z_]+|TimeoutError|RequestTimeout|UND_ERR_\w+|CERT_\w+|\w+_CERT\w*|NetworkingError)$/.test(
    code,
  );
}

function words(error: AwsError, context: RequestContext): [reason: string, hint?: string] {
  const { bucket, region, identity } = context;
  const server = context.endpoint ?? "S3";
  const login = "Run `tazpod login`, or renew the keys.";
  switch (error.code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return [
        `the name of ${server} cannot be resolved`,
        "Check the network, and remote.endpoint if it is set.",
      ];
    case "ECONNREFUSED":
      return [`${server} refuses the connection`, "Check that the server runs, and remote.endpoint."];
    case "ECONNRESET":
    case "EPIPE":
      return [`the connection to ${server} was cut`, "Try again."];
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return [`there is no way to ${server}`, "Check the network."];
    case "ETIMEDOUT":
    case "TimeoutError":
    case "AbortError":
    case "RequestTimeout":
      return [`${server} did not answer in time`, "Check the network and try again."];
    case "NoSuchBucket":
      return [
        `there is no bucket ${bucket}`,
        isOthers(context) ? ownBucket : "`tazpod setup-storage` makes it.",
      ];
    case "BucketAlreadyExists":
      return [`the bucket ${bucket} belongs to another account`, ownBucket];
    case "ExpiredToken":
    case "ExpiredTokenException":
    case "TokenRefreshRequired":
      return [`the credentials (${identity}) have expired`, login];
    case "InvalidAccessKeyId":
    case "InvalidToken":
      return [`${server} does not know the access key of ${identity}`, login];
    case "SignatureDoesNotMatch":
      return [`the secret key of ${identity} is wrong`, login];
    case "RequestTimeTooSkewed":
      return ["this machine's clock is wrong", "Set it, for instance with `timedatectl set-ntp true`."];
    case "PermanentRedirect":
    case "AuthorizationHeaderMalformed":
    case "IllegalLocationConstraintException":
      return wrongRegion(bucket, region, error.region);
    case "AccessDenied":
    case "Forbidden":
    case "403":
      return denied(context);
  }
  if (error.status === 301) return wrongRegion(bucket, region, error.region);
  if (error.status === 403) return denied(context);
  if (error.status === 501 || error.code === "NotImplemented")
    return [`${server} cannot do this: ${error.message}`];
  if (error.status !== undefined && error.status >= 500)
    return [`${server} has a problem of its own (${error.status})`, "Try again later."];
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(error.code))
    return [`the certificate of ${server} is not trusted (${error.code})`];
  return [`${server} answers ${error.code}: ${error.message}`];
}

function wrongRegion(bucket: string, region: string, actual: string | undefined): [string, string] {
  if (actual === undefined || actual === region)
    return [`the bucket ${bucket} is in another region than ${region}`, "Set remote.region."];
  return [`the bucket ${bucket} is in ${actual}, not in ${region}`, `Set remote.region: ${actual}.`];
}

const ownBucket =
  "Set `remote:` in .tazpod/config.yaml to a bucket of yours, such as s3://my-bucket/vault.tar.aes; `tazpod setup-storage` makes it.";

/** Names of buckets are Amazon's for all accounts, and the default one is the account's of tazpod's author. */
function isOthers({ bucket, endpoint }: RequestContext): boolean {
  return bucket === defaultBucket && endpoint === undefined;
}

function denied(context: RequestContext): [string, string] {
  const { bucket, identity } = context;
  if (isOthers(context))
    return [
      `access is denied (${identity}): ${bucket} is tazpod's default bucket, and another account's`,
      ownBucket,
    ];
  return [
    `access is denied (${identity}): the vault cannot be read or written, or it is not there and that may not be seen`,
    `It needs s3:GetObject and s3:PutObject on the key, and s3:ListBucket on ${bucket}: without that, S3 does not say whether the key is there.`,
  ];
}

function firstCode(records: readonly Readonly<Record<string, unknown>>[]): string | undefined {
  return records
    .map((record) => text(record["code"]))
    .find((code) => code !== undefined && isNetworkCode(code));
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
