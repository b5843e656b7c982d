// on each of: s3, swift
// time limit: 900 s
import { randomBytes, randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { s3Remote } from "../../lib/remote/s3/remote.js";
import { FaultProxy } from "../fake/fault-proxy.js";
import { newBucket, useTestKeys } from "../rig/bucket.js";
import { put, refused, written } from "../rig/conditional-write.js";
import { newFolder } from "../rig/folder.js";
import { sha256Of } from "../rig/sha256.js";
import { s3Server } from "../runner/services.js";

const test = suite("writes under a condition");
const vaultPut = /^PUT .*vault\.tar\.aes\?x-id=PutObject/;
useTestKeys();

test("a first write is refused if there is an object, and returns it", async () => {
  const remote = s3Remote(await newBucket());
  const first = written(await put(remote, "absent"));
  const there = refused(await put(remote, "absent"));
  assert.is(there === "absent" ? there : there.etag, first.etag);
});

test("a later write replaces exactly the known version", async () => {
  const remote = s3Remote(await newBucket());
  const first = written(await put(remote, "absent"));
  const second = written(await put(remote, { replaces: first.etag }));
  const there = refused(await put(remote, { replaces: first.etag }));
  assert.is(there === "absent" ? there : there.etag, second.etag);
  written(await put(remote, { replaces: second.etag }));
});

test("a write that replaces a removed object is refused and reports its absence", async () => {
  const remote = s3Remote(await newBucket());
  assert.is(refused(await put(remote, { replaces: "5d41402abc4b2a76b9719d911017c592" })), "absent");
});

test("with a single writer each write is preceded by a check that can refuse it", async () => {
  const settings = { ...(await newBucket({ versioned: true })), singleWriter: true };
  const remote = s3Remote(settings);
  const first = written(await put(remote, "absent"));
  const there = refused(await put(remote, "absent"));
  assert.is(there === "absent" ? there : there.etag, first.etag);
  written(await put(remote, { replaces: first.etag }));
  refused(await put(remote, { replaces: first.etag }));
});

test("a write whose answer was lost is recognised and not repeated", async () => {
  const settings = await newBucket();
  const proxy = await FaultProxy.start();
  const remote = s3Remote({ ...settings, endpoint: proxy.url });
  proxy.spoil(vaultPut, { kind: "lose-answer" });
  const first = written(await put(remote, "absent"));
  proxy.spoil(vaultPut, { kind: "lose-answer" });
  const second = written(await put(remote, { replaces: first.etag }));
  const there = await remote.head();
  assert.is(there.state === "present" ? there.object.etag : "", second.etag);
  await proxy.stop();
});

for (const { status, code } of [
  { status: 409, code: "ConditionalRequestConflict" },
  { status: 500, code: "InternalError" },
  { status: 503, code: "SlowDown" },
]) {
  test(`a ${status} is retried`, async () => {
    const proxy = await FaultProxy.start();
    const remote = s3Remote({ ...(await newBucket()), endpoint: proxy.url });
    proxy.spoil(vaultPut, { kind: "answer-late", status, code }, 2);
    written(await put(remote, "absent"));
    assert.is(proxy.requests.filter((line) => vaultPut.test(line)).length, 3);
    await proxy.stop();
  });
}

test("a refused write is not retried", async () => {
  const proxy = await FaultProxy.start();
  const remote = s3Remote({ ...(await newBucket()), endpoint: proxy.url });
  written(await put(remote, "absent"));
  proxy.requests.length = 0;
  refused(await put(remote, "absent"));
  // without conditions it is the look before it that refuses
  const sent = s3Server.honoursConditions ? 1 : 0;
  assert.is(proxy.requests.filter((line) => vaultPut.test(line)).length, sent);
  await proxy.stop();
});

test("a refusal before the end of the body causes no delay", async () => {
  const settings = await newBucket();
  const proxy = await FaultProxy.start();
  const remote = s3Remote({ ...settings, endpoint: proxy.url });
  written(await put(remote, "absent"));
  proxy.spoil(vaultPut, { kind: "answer", status: 412, code: "PreconditionFailed" });
  const from = join(await newFolder(), "large");
  await writeFile(from, randomBytes(20_000_000));
  const metadata = { host: "a", writeId: randomUUID(), generation: 1, sha256: await sha256Of(from) };
  refused(await remote.upload({ from, metadata, condition: "absent" }));
  await proxy.stop();
});

test("a host whose clock is wrong can still write", async () => {
  const proxy = await FaultProxy.start();
  const remote = s3Remote({ ...(await newBucket()), endpoint: proxy.url });
  proxy.spoil(/./, { kind: "skew", ms: 3_600_000 }, Infinity);
  written(await put(remote, "absent"));
  await proxy.stop();
});

test.run();
