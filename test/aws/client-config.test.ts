import { suite } from "uvu";
import * as assert from "uvu/assert";
import { clientConfig, identity } from "../../lib/aws/client-config.js";
import { awsFailure, readAwsError } from "../../lib/aws/errors.js";
import type { RemoteSettings } from "../../lib/remote/remote-types.js";

const test = suite("client config");
const settings: RemoteSettings = { url: "s3://b/k", region: "eu-central-1", profile: "tazlab" };
const keys = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s" };

test("keys in the environment take precedence, and then no profile is passed on", () => {
  const config = clientConfig(settings, { ...keys, AWS_PROFILE: "other" });
  assert.equal(config.credentials, { accessKeyId: "a", secretAccessKey: "s" });
  assert.not.ok("profile" in config);
  assert.equal(clientConfig(settings, { ...keys, AWS_SESSION_TOKEN: "t" }).credentials?.sessionToken, "t");
  assert.match(identity(settings, keys), /AWS_ACCESS_KEY_ID/);
});

test("an incomplete pair of keys is ignored", () => {
  const config = clientConfig(settings, { AWS_ACCESS_KEY_ID: "a" });
  assert.is(config.credentials, undefined);
  assert.is(config.profile, "tazlab");
  assert.is(identity(settings, {}), "profile tazlab");
});

test("Amazon gets its own addressing and checksums, other servers path style and only required checksums", () => {
  const amazon = clientConfig(settings, {});
  assert.equal([amazon.forcePathStyle, amazon.requestChecksumCalculation], [false, "WHEN_SUPPORTED"]);
  for (const env of [{ AWS_ENDPOINT_URL_S3: "http://x" }, { AWS_ENDPOINT_URL: "http://x" }]) {
    const other = clientConfig(settings, env);
    assert.equal(
      [other.endpoint, other.forcePathStyle, other.requestChecksumCalculation],
      ["http://x", true, "WHEN_REQUIRED"],
    );
  }
  const own = clientConfig(
    { ...settings, endpoint: "http://y", pathStyle: false },
    { AWS_ENDPOINT_URL_S3: "http://x" },
  );
  assert.equal([own.endpoint, own.forcePathStyle], ["http://y", false]);
  const ignored = clientConfig(settings, {
    AWS_ENDPOINT_URL: "http://x",
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
  });
  assert.is(ignored.endpoint, undefined);
});

const context = { url: "s3://b/k", bucket: "b", region: "eu-central-1", identity: "profile tazlab" };

/** The message for an error like the SDK's. */
function words(name: string, status: number, headers: Record<string, string> = {}): string {
  const error = Object.assign(new Error("m"), {
    name,
    $metadata: { httpStatusCode: status },
    $response: { headers },
  });
  const failure = awsFailure(error, context);
  return failure.kind === "remote-unavailable" ? `${failure.reason}. ${failure.hint ?? ""}` : failure.kind;
}

test("each S3 error has a message and a hint", () => {
  assert.match(
    words("PermanentRedirect", 301, { "x-amz-bucket-region": "us-east-1" }),
    /in us-east-1, not in eu-central-1\. Set remote\.region: us-east-1/,
  );
  assert.match(words("AuthorizationHeaderMalformed", 400), /another region/);
  assert.match(words("ExpiredToken", 400), /profile tazlab\) have expired.*tazpod login/);
  assert.match(words("AccessDenied", 403), /s3:ListBucket/);
  assert.match(words("RequestTimeTooSkewed", 403), /clock is wrong/);
  assert.match(words("SlowDown", 503), /internal error \(503\)/);
  assert.match(words("NotImplemented", 501), /cannot do this/);
  assert.is(words("CredentialsProviderError", 0), "no-credentials");
});

test("the default bucket belongs to another account at Amazon, but not on other servers", () => {
  const worded = (name: string, status: number, endpoint?: string): string => {
    const error = Object.assign(new Error("m"), { name, $metadata: { httpStatusCode: status } });
    const failure = awsFailure(error, {
      ...context,
      bucket: "tazlab-storage",
      ...(endpoint === undefined ? {} : { endpoint }),
    });
    return failure.kind === "remote-unavailable" ? `${failure.reason}. ${failure.hint ?? ""}` : failure.kind;
  };
  assert.match(
    worded("AccessDenied", 403),
    /tazpod's default bucket.*Set `remote:` in \.tazpod\/config\.yaml/,
  );
  assert.match(worded("NoSuchBucket", 404), /Set `remote:`.*tazpod setup-storage/);
  assert.match(worded("AccessDenied", 403, "http://x"), /s3:ListBucket/);
  assert.match(worded("NoSuchBucket", 404, "http://x"), /\. `tazpod setup-storage` creates it\./);
  assert.match(words("BucketAlreadyExists", 409), /belongs to another account\. Set `remote:`/);
});

test("an aborted request is an interruption, whatever the error", () => {
  const failure = awsFailure(new Error("x"), { ...context, signal: AbortSignal.abort("SIGTERM") });
  assert.equal(failure, { kind: "interrupted", signal: "SIGTERM" });
});

test("the code of a socket error is found among the errors of several addresses", () => {
  const error = Object.assign(new AggregateError([Object.assign(new Error("e"), { code: "ECONNREFUSED" })]), {
    code: undefined,
  });
  assert.is(readAwsError(error).code, "ECONNREFUSED");
});

test.run();
