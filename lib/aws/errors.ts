import type { Failure } from "../failure/failure.js";
import { Failed } from "../failure/result.js";
import { printable } from "../host/printable.js";
import { defaultBucket } from "./client-config.js";

/** The context of a failed S3 request. */
export interface RequestContext {
  readonly url: string;
  readonly bucket: string;
  readonly region: string;
  readonly endpoint?: string;
  /** "profile tazlab" */
  readonly identity: string;
  readonly signal?: AbortSignal | undefined;
  /** The message if access is denied, for a request that is not about the vault itself. */
  readonly denied?: { readonly reason: string; readonly hint: string };
}

/** The relevant parts of an SDK error. */
export interface AwsError {
  /** S3's error code ("AccessDenied"), the socket's ("ECONNREFUSED"), or the error's name. */
  readonly code: string;
  /** The HTTP status of the answer, if any. */
  readonly status?: number;
  readonly message: string;
  /** The bucket's region, as S3 reports it. */
  readonly region?: string;
  /** Where the answer leads to. */
  readonly redirect?: string;
}

/** Reads the code, status, message and region of an SDK error. */
export function readAwsError(error: unknown): AwsError {
  const record = asRecord(error);
  const metadata = asRecord(record["$metadata"]);
  const headers = asRecord(asRecord(record["$response"])["headers"]);
  const status = metadata["httpStatusCode"];
  const redirect = text(record["Endpoint"]) ?? text(headers["location"]);
  const region = headers["x-amz-bucket-region"] ?? record["Region"] ?? regionOf(redirect);
  const cause = firstCode([record, asRecord(record["cause"]), ...asList(record["errors"]).map(asRecord)]);
  return {
    code: cause ?? text(record["Code"]) ?? text(record["name"]) ?? "unknown",
    message: text(record["message"]) ?? String(error),
    ...(typeof status === "number" ? { status } : {}),
    ...(typeof region === "string" ? { region } : {}),
    ...(redirect === undefined ? {} : { redirect: printable(redirect) }),
  };
}

/** Converts a failed request to a failure with a reason and a hint. Never `absent`: the caller finds that out. */
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
  return { kind: "remote-unavailable", url, reason, hint };
}

/** Returns the failure for an aborted signal. */
export function interrupted(signal: AbortSignal): Failure {
  return { kind: "interrupted", signal: typeof signal.reason === "string" ? signal.reason : "SIGINT" };
}

/**
 * Returns whether an error code means that the server was not reached, so that another attempt or network may succeed.
 */
export function isNetworkCode(code: string): boolean {
  return /^(E[A-Z_]+|TimeoutError|RequestTimeout|UND_ERR_\w+|CERT_\w+|\w+_CERT\w*|NetworkingError)$/.test(
    code,
  );
}

function words(error: AwsError, context: RequestContext): [reason: string, hint?: string] {
  const { bucket, identity } = context;
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
      return [`${server} refuses the connection`, "Check that the server is running, and remote.endpoint."];
    case "ECONNRESET":
    case "EPIPE":
      return [`the connection to ${server} was cut`, "Try again."];
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return [`${server} is not reachable`, "Check the network."];
    case "ETIMEDOUT":
    case "TimeoutError":
    case "AbortError":
    case "RequestTimeout":
      return [`${server} did not answer in time`, "Check the network and try again."];
    case "NoSuchBucket":
      return [
        `there is no bucket ${bucket}`,
        isOthers(context) ? ownBucket : "`tazpod setup-storage` creates it.",
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
      // other servers may say so of an unknown access key, too
      return [
        `the secret key of ${identity} is wrong${context.endpoint === undefined ? "" : ", or the server does not know the access key"}`,
        login,
      ];
    case "RequestTimeTooSkewed":
      return ["this machine's clock is wrong", "Set it, for instance with `timedatectl set-ntp true`."];
    case "PermanentRedirect":
    case "TemporaryRedirect":
    case "AuthorizationHeaderMalformed":
    case "IllegalLocationConstraintException":
      return elsewhere(error, context);
    case "AnswerOfNoS3":
      return noS3(error, server);
    case "ProxyRefused":
      return proxyRefused(error, server);
    case "EndpointError":
    case "ERR_INVALID_URL":
      return [
        `${server} is not the address of a server`,
        "Write it with its scheme, such as https://s3.example.org:9000, in remote.endpoint or AWS_ENDPOINT_URL_S3.",
      ];
    case "AccessDenied":
    case "Forbidden":
    case "403":
      return denied(context);
  }
  if (error.status !== undefined && error.status >= 300 && error.status < 400)
    return elsewhere(error, context);
  if (error.status === 403) return denied(context);
  if (error.status === 501 || error.code === "NotImplemented")
    return [`${server} cannot do this: ${error.message}`];
  if (error.status !== undefined && error.status >= 500)
    return [`${server} reports an internal error (${error.status})`, "Try again later."];
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(error.code))
    return [
      `the certificate of ${server} is not trusted (${error.code})`,
      "If it is the right server, name a file with its certificate, or its authority's, in AWS_CA_BUNDLE.",
    ];
  return [`${server} answers ${error.code}: ${error.message}`];
}

/** A page for people instead of an answer of S3: the message has its status, and the program that sent it. */
function noS3(error: AwsError, server: string): [string, string] {
  const { message, status = 0 } = error;
  if (message.startsWith("407")) return proxyRefused(error, server);
  if (status >= 500)
    return [
      `a proxy or load balancer in front of ${server} reports an error (${printable(message)})`,
      "Try again later.",
    ];
  return [
    `what answers is not an S3 server, but a web page or a proxy (${printable(message)})`,
    `It may be the login page of this network, a proxy, or the port of a web console. Log in to the network, check ${server} and remote.endpoint, or add the server to NO_PROXY.`,
  ];
}

function proxyRefused({ message }: AwsError, server: string): [string, string] {
  return [
    `the proxy does not connect to ${server}: ${printable(message)}`,
    message.startsWith("407")
      ? "It wants a login: put it into HTTPS_PROXY, as http://USER:PASSWORD@HOST:PORT."
      : "Ask who runs it, or add the server to NO_PROXY if it can be reached directly.",
  ];
}

/** Redirects are not followed: the signature is for one server. */
function elsewhere(
  { region: actual, redirect, status = 0 }: AwsError,
  { bucket, region, endpoint }: RequestContext,
): [string, string] {
  if (redirect === undefined || actual !== undefined) return wrongRegion(bucket, region, actual);
  return [
    `${endpoint ?? "S3"} redirects to ${redirect} (${status})`,
    "If that is your S3 server, set remote.endpoint to it; else it may be the login page of this network.",
  ];
}

/** Returns the region in the name of a server of Amazon's. */
function regionOf(redirect: string | undefined): string | undefined {
  return /\bs3[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+)+-\d+)\.amazonaws\.com/.exec(redirect ?? "")?.[1];
}

function wrongRegion(bucket: string, region: string, actual: string | undefined): [string, string] {
  if (actual === undefined || actual === region)
    return [`the bucket ${bucket} is in another region than ${region}`, "Set remote.region."];
  return [`the bucket ${bucket} is in ${actual}, not in ${region}`, `Set remote.region: ${actual}.`];
}

const ownBucket =
  "Set `remote:` in .tazpod/config.yaml to your own bucket, such as s3://my-bucket/vault.tar.aes; `tazpod setup-storage` creates it.";

/** Bucket names are global, and the default bucket belongs to tazpod's author. */
function isOthers({ bucket, endpoint }: RequestContext): boolean {
  return bucket === defaultBucket && endpoint === undefined;
}

function denied(context: RequestContext): [string, string] {
  const { bucket, identity } = context;
  if (isOthers(context))
    return [
      `access is denied (${identity}): ${bucket} is tazpod's default bucket and belongs to another account`,
      ownBucket,
    ];
  if (context.denied !== undefined) return [context.denied.reason, context.denied.hint];
  return [
    `access is denied (${identity}): the vault cannot be read or written, or it is absent and S3 may not say so`,
    `Allow s3:GetObject and s3:PutObject on the key, and s3:ListBucket on ${bucket}, without which S3 does not tell whether the key exists.`,
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
