// needs: s3
// time limit: 900 s
import { randomBytes, randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { s3Remote } from "../../lib/remote/s3/remote.js";
import type { Remote, RemoteSettings, UploadRequest } from "../../lib/remote/remote-types.js";
import { ok } from "../../lib/failure/result.js";
import { FaultProxy } from "../fake/fault-proxy.js";
import { newBucket, unfinishedIn, useTestKeys } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { sha256Of } from "../rig/sha256.js";
import { failure, value } from "../rig/result.js";

const test = suite("uploads in parts");
const parts = { from: 6_000_000, part: 5 * 1024 ** 2 };
const completion = /^POST .*uploadId=/;
useTestKeys();

async function upload(remote: Remote, bytes: Buffer, more: Partial<UploadRequest> = {}) {
  const from = join(await newFolder(), "vault");
  await writeFile(from, bytes);
  const metadata = { host: "a", writeId: randomUUID(), generation: 1, sha256: await sha256Of(from) };
  return remote.upload({ from, metadata, condition: "absent", ...more });
}

async function bytesAt(remote: Remote): Promise<Buffer> {
  const pieces: Buffer[] = [];
  value(await remote.download({ write: async (piece) => ok(void pieces.push(piece)) }));
  return Buffer.concat(pieces);
}

/** A remote on a server that honours conditions of completions, as Amazon does. */
async function scene(): Promise<{
  remote: Remote;
  proxy: FaultProxy;
  bucket: string;
  settings: RemoteSettings;
}> {
  const settings = await newBucket();
  const proxy = await FaultProxy.start();
  const through = { ...settings, endpoint: proxy.url };
  return { remote: s3Remote(through, { parts }), proxy, bucket: settings.bucket, settings: through };
}

test("a large vault is uploaded in parts, arrives complete with its metadata, and can be replaced by its ETag", async () => {
  const { remote, proxy } = await scene();
  proxy.spoil(completion, { kind: "check-completion" }, Infinity);
  const bytes = randomBytes(12_000_000);
  const told: number[] = [];
  const done = value(await upload(remote, bytes, { progress: (sent) => void told.push(sent) }));
  assert.is(told.at(-1), bytes.length);
  assert.is(proxy.requests.filter((line) => /^PUT .*vault\.tar\.aes.*partNumber=/.test(line)).length, 3);
  assert.ok((await bytesAt(remote)).equals(bytes));
  const head = await remote.head();
  if (done.state !== "written" || head.state !== "present") throw new Error("not there");
  assert.is(head.object.etag, done.object.etag);
  assert.is(head.object.host, "a");
  const condition = { replaces: done.object.etag };
  assert.is(value(await upload(remote, randomBytes(7_000_000), { condition })).state, "written");
  assert.is(value(await upload(remote, randomBytes(7_000_000), { condition })).state, "refused");
  await proxy.stop();
});

test("the completion does not overwrite a newer object, and no parts are left", async () => {
  const { remote, proxy, bucket, settings } = await scene();
  const direct = s3Remote(settings);
  const small = randomBytes(100);
  proxy.spoil(/^POST .*vault\.tar\.aes.*uploadId=/, {
    kind: "meanwhile",
    work: () => upload(direct, small),
    next: { kind: "check-completion" },
  });
  proxy.spoil(completion, { kind: "check-completion" }, Infinity);
  assert.is(value(await upload(remote, randomBytes(12_000_000))).state, "refused");
  assert.equal(await unfinishedIn(bucket), []);
  assert.ok((await bytesAt(direct)).equals(small));
  await proxy.stop();
});

test("Ceph 16 ignores the condition of a completion, so a large vault is uploaded in one request", async () => {
  const { remote, proxy, bucket, settings } = await scene();
  const folder = await newFolder();
  const noting = s3Remote(settings, { parts, folder });
  assert.is(value(await upload(noting, randomBytes(7_000_000))).state, "written");
  assert.match(await readFile(join(folder, "endpoints.json"), "utf8"), /"completion": false/);
  assert.not.ok(proxy.requests.some((line) => /vault\.tar\.aes.*partNumber/.test(line)));
  assert.is(value(await upload(remote, randomBytes(7_000_000))).state, "refused");
  assert.equal(await unfinishedIn(bucket), []);
  await proxy.stop();
});

test("with a single writer on a server without conditions, a multipart upload follows a check", async () => {
  const settings = { ...(await newBucket({ versioned: true })), singleWriter: true };
  const remote = s3Remote(settings, { parts });
  const bytes = randomBytes(7_000_000);
  assert.is(value(await upload(remote, bytes)).state, "written");
  assert.is(value(await upload(remote, bytes)).state, "refused");
  assert.equal(await unfinishedIn(settings.bucket), []);
  assert.ok((await bytesAt(remote)).equals(bytes));
});

test("a completion whose answer was lost is recognised", async () => {
  const { remote, proxy, bucket } = await scene();
  // the probe's completions come first
  proxy.spoil(/^POST .*tazpod-probe.*uploadId=/, { kind: "check-completion" }, Infinity);
  proxy.spoil(completion, { kind: "lose-answer" }, 2);
  const bytes = randomBytes(7_000_000);
  assert.is(value(await upload(remote, bytes)).state, "written");
  assert.ok((await bytesAt(remote)).equals(bytes));
  assert.equal(await unfinishedIn(bucket), []);
  await proxy.stop();
});

test("a failed and an interrupted multipart upload leave no parts behind", async () => {
  const { remote, proxy, bucket } = await scene();
  proxy.spoil(completion, { kind: "check-completion" }, Infinity);
  proxy.spoil(
    /vault\.tar\.aes.*partNumber=2/,
    { kind: "answer", status: 403, code: "AccessDenied" },
    Infinity,
  );
  const bytes = randomBytes(30_000_000);
  failure(await upload(remote, bytes), "remote-unavailable");
  assert.equal(await unfinishedIn(bucket), []);
  proxy.heal();
  proxy.spoil(completion, { kind: "check-completion" }, Infinity);
  const stop = new AbortController();
  const stopped = await upload(remote, bytes, { signal: stop.signal, progress: () => stop.abort("SIGTERM") });
  assert.is(failure(stopped, "interrupted").signal, "SIGTERM");
  assert.equal(await unfinishedIn(bucket), []);
  assert.equal(await remote.head(), { state: "absent" });
  await proxy.stop();
});

test("a part that gets 503 is sent again", async () => {
  const { remote, proxy } = await scene();
  proxy.spoil(completion, { kind: "check-completion" }, Infinity);
  proxy.spoil(/vault\.tar\.aes.*partNumber=2/, { kind: "answer-late", status: 503, code: "SlowDown" });
  const bytes = randomBytes(12_000_000);
  assert.is(value(await upload(remote, bytes)).state, "written");
  assert.ok((await bytesAt(remote)).equals(bytes));
  await proxy.stop();
});

test.run();
