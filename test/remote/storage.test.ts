// needs: s3
// time limit: 900 s
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { minimalPolicy, setUpStorage } from "../../lib/remote/s3/storage.js";
import { pull } from "../../lib/remote/pull.js";
import { push } from "../../lib/remote/push.js";
import { s3Location, s3Remote } from "../../lib/remote/s3/remote.js";
import type { RemoteSettings } from "../../lib/remote/remote-types.js";
import { ok } from "../../lib/failure/result.js";
import { FaultProxy } from "../fake/fault-proxy.js";
import { keysIn, newBucket, testRemote, useTestKeys } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { Host } from "../rig/host.js";
import { failure, value } from "../rig/result.js";

const test = suite("setting storage up");
useTestKeys();

function setUp(settings: RemoteSettings, wants = true) {
  const { location } = s3Location(settings);
  return setUpStorage({
    location,
    region: "eu-central-1",
    amazon: false,
    wantsLifecycle: async () => ok(wants),
  });
}

function newName(): string {
  return `tazpod-${randomBytes(6).toString("hex")}`;
}

async function client(settings: RemoteSettings) {
  const sdk = await import("@aws-sdk/client-s3");
  const { endpoint = "" } = settings;
  return { sdk, s3: new sdk.S3Client({ region: "eu-central-1", endpoint, forcePathStyle: true }) };
}

test("the bucket is created; what the gateway cannot do is reported, and writing still works", async () => {
  const settings = testRemote(newName());
  const steps = value(await setUp(settings));
  assert.equal(
    steps.map(({ outcome }) => outcome),
    ["done", "done", "passed", "done"],
  );
  // Ceph 16 refuses every write once public ACLs are blocked, so that setting is reverted
  assert.match(steps[1]?.reason ?? "", /without BlockPublicAcls/);
  assert.match(steps[2]?.reason ?? "", /cannot|may not/);
  const folder = await newFolder();
  await writeFile(join(folder, "vault.tar.aes"), randomBytes(100));
  value(await push({ remote: s3Remote(settings), folder, host: "a" }));
});

test("a second time changes nothing", async () => {
  const settings = testRemote(newName());
  value(await setUp(settings));
  const again = value(await setUp(settings));
  assert.equal(
    again.map(({ outcome }) => outcome),
    ["already", "already", "passed", "already"],
  );
  assert.equal(await keysIn(settings.url.split("/")[2] ?? ""), []);
});

test("existing rules stay, and a declined rule is not added", async () => {
  const settings = await newBucket();
  const { sdk, s3 } = await client(settings);
  const rule = {
    ID: "mine",
    Status: "Enabled",
    Filter: { Prefix: "logs/" },
    Expiration: { Days: 9 },
  } as const;
  const Bucket = settings.bucket;
  await s3.send(
    new sdk.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [rule] } }),
  );
  assert.is(value(await setUp(settings, false))[3]?.outcome, "declined");
  assert.is(value(await setUp(settings))[3]?.outcome, "done");
  const { Rules = [] } = await s3.send(new sdk.GetBucketLifecycleConfigurationCommand({ Bucket }));
  assert.equal(Rules.map(({ ID }) => ID).toSorted(), ["mine", "tazpod-unfinished-uploads"]);
  s3.destroy();
});

for (const { status, code } of [
  { status: 501, code: "NotImplemented" },
  { status: 405, code: "MethodNotAllowed" },
  { status: 403, code: "AccessDenied" },
]) {
  test(`a server that answers ${status} ${code} to everything but the bucket skips these settings`, async () => {
    const settings = await newBucket();
    const proxy = await FaultProxy.start();
    proxy.spoil(/publicAccessBlock|encryption|lifecycle/, { kind: "answer", status, code }, Infinity);
    const steps = value(await setUp({ ...settings, endpoint: proxy.url }));
    assert.equal(
      steps.map(({ outcome }) => outcome),
      ["already", "passed", "passed", "passed"],
    );
    await proxy.stop();
  });
}

test("no answer is a failure, and nothing counts as done", async () => {
  const settings = { ...testRemote(newName()), endpoint: "http://127.0.0.1:9" };
  assert.match(failure(await setUp(settings), "remote-unavailable").reason, /refuses the connection/);
});

test("the minimal policy allows everything that tazpod does and nothing more", async () => {
  const settings = await newBucket();
  const key = "tazpod/vault/vault.tar.aes";
  const { Statement } = minimalPolicy(settings.bucket, key) as {
    Statement: readonly { Action: readonly string[]; Resource: readonly string[] }[];
  };
  const all = [`arn:aws:s3:::${settings.bucket}`, `arn:aws:s3:::${settings.bucket}/*`];
  const Principal = "*";
  // the tests' user owns the bucket, so everything not allowed is denied
  const deny = [
    { Effect: "Deny", Principal, NotAction: Statement.flatMap(({ Action }) => Action), Resource: all },
    ...Statement.map(({ Action, Resource }) => ({
      Effect: "Deny",
      Principal,
      Action,
      NotResource: Resource,
    })),
  ];
  const { sdk, s3 } = await client(settings);
  await s3.send(
    new sdk.PutBucketPolicyCommand({
      Bucket: settings.bucket,
      Policy: JSON.stringify({ Version: "2012-10-17", Statement: deny }),
    }),
  );
  const remote = s3Remote(settings, { parts: { from: 6_000_000, part: 5 * 1024 ** 2 } });
  assert.equal(await remote.head(), { state: "absent" });
  const [here, there] = [await newFolder(), await newFolder()];
  for (const bytes of [100, 200, 7_000_000]) {
    await writeFile(join(here, "vault.tar.aes"), randomBytes(bytes));
    const pushed = value(await push({ remote, folder: here, host: "a", retention: 2 }));
    assert.is(pushed.historyProblem, undefined);
  }
  assert.is(value(await remote.history.list()).length, 2);
  assert.ok(value(await pull({ remote, folder: there })).changed);
  const Bucket = settings.bucket;
  for (const command of [
    new sdk.DeleteObjectCommand({ Bucket, Key: key }),
    new sdk.PutObjectCommand({ Bucket, Key: "elsewhere", Body: "x" }),
  ]) {
    const refused = await s3.send(command as InstanceType<typeof sdk.PutObjectCommand>).then(
      () => "done",
      (error: Error) => error.name,
    );
    assert.is(refused, "AccessDenied");
  }
  s3.destroy();
});

test("without permission to list, a missing vault is unknown, and the permission is named", async () => {
  const settings = await newBucket();
  const { sdk, s3 } = await client(settings);
  const deny = {
    Effect: "Deny",
    Principal: "*",
    Action: ["s3:ListBucket", "s3:GetObject"],
    Resource: [`arn:aws:s3:::${settings.bucket}`, `arn:aws:s3:::${settings.bucket}/*`],
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [deny] });
  await s3.send(new sdk.PutBucketPolicyCommand({ Bucket: settings.bucket, Policy }));
  s3.destroy();
  const found = await s3Remote(settings).head();
  if (found.state !== "unknown" || found.failure.kind !== "remote-unavailable")
    throw new Error(JSON.stringify(found));
  assert.match(found.failure.reason, /access is denied/);
  assert.match(found.failure.hint ?? "", /s3:ListBucket/);
});

test("a bucket with Object Lock, which wants a checksum of each upload, gets one", async () => {
  const Bucket = newName();
  const settings = { ...testRemote(Bucket), singleWriter: true };
  const { sdk, s3 } = await client(settings);
  await s3.send(new sdk.CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  const Rule = { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } } as const;
  const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled", Rule } as const;
  await s3.send(new sdk.PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
  const proxy = await FaultProxy.start();
  // Ceph 16 locks what it is sent without a checksum, too
  proxy.spoil(/^PUT .*(?:x-id=PutObject|partNumber=)/, { kind: "want-checksum" }, Infinity);
  proxy.spoil(/x-id=CopyObject/, { kind: "answer", status: 501, code: "NotImplemented" });
  const parts = { from: 6_000_000, part: 5 * 1024 ** 2 };
  const remote = s3Remote({ ...settings, endpoint: proxy.url }, { parts });
  const folder = await newFolder();
  for (const bytes of [100, 7_000_000, 200]) {
    await writeFile(join(folder, "vault.tar.aes"), randomBytes(bytes));
    const pushed = value(await push({ remote, folder, host: "a", retention: 1 }));
    assert.is(pushed.historyProblem, undefined);
  }
  const Key = "tazpod/vault/vault.tar.aes";
  const locked = await s3.send(new sdk.GetObjectRetentionCommand({ Bucket, Key }));
  assert.is(locked.Retention?.Mode, "GOVERNANCE");
  s3.destroy();
  await proxy.stop();
});

test("the step reports what it did and prints the policy", async () => {
  const { url, endpoint = "" } = testRemote(newName());
  const host = await Host.make({ remote: `\n  url: ${url}\n  endpoint: ${endpoint}` });
  const done = await host.run("setup-storage");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /✔ the bucket tazpod-/);
  assert.match(done.stderr, /✔ no public access: without BlockPublicAcls/);
  assert.match(done.stderr, /✔ unfinished uploads/);
  assert.match(done.stderr, /"s3:ListBucket"/);
  const again = await host.tazpod("setup-storage");
  assert.is(again.code, 0, again.stderr);
  assert.match(again.stderr, /= the bucket .*: unchanged/);
});

test("a folder remote's folder is created", async () => {
  const disk = join(await newFolder("disk"), "new", "folder");
  const host = await Host.make({ remote: `file://${disk}/vault.tar.aes` });
  assert.is((await host.run("setup-storage")).code, 0);
  assert.is((await host.run("setup-storage")).code, 0);
});

test.run();
