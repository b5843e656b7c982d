// on each of: s3, swift
// time limit: 900 s
import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { s3Remote } from "../../lib/remote/s3/remote.js";
import type { Presence, Remote } from "../../lib/remote/remote-types.js";
import { ok } from "../../lib/failure/result.js";
import { type Fault, FaultProxy } from "../fake/fault-proxy.js";
import { newBucket, useTestKeys } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { sha256Of } from "../rig/sha256.js";
import { failure, value } from "../rig/result.js";

const test = suite("faults");
const limits = { connect: 300, stall: 700 };
/** Enough for three attempts and their delays on a busy machine. */
const soon = 12_000;
useTestKeys();

interface Scene {
  readonly direct: Remote;
  readonly remote: Remote;
  readonly proxy: FaultProxy;
  readonly bytes: Buffer;
}

/** An existing vault of 3 MB, and a remote that reaches it through the proxy. */
async function scene(): Promise<Scene> {
  const settings = await newBucket();
  const direct = s3Remote(settings);
  const bytes = randomBytes(3_000_000);
  value(await upload(direct, bytes));
  const proxy = await FaultProxy.start();
  return { direct, proxy, bytes, remote: s3Remote({ ...settings, endpoint: proxy.url }, { limits }) };
}

async function upload(remote: Remote, bytes: Buffer, replaces?: string) {
  const from = join(await newFolder(), "vault");
  await writeFile(from, bytes);
  const metadata = { host: "a", writeId: randomUUID(), generation: 1, sha256: await sha256Of(from) };
  return remote.upload({ from, metadata, condition: replaces === undefined ? "absent" : { replaces } });
}

async function download(remote: Remote) {
  const pieces: Buffer[] = [];
  const result = await remote.download({ write: async (piece) => ok(void pieces.push(piece)) });
  return { result, bytes: Buffer.concat(pieces) };
}

async function etagOf(remote: Remote): Promise<string> {
  const found = await remote.head();
  if (found.state !== "present") throw new Error(JSON.stringify(found));
  return found.object.etag;
}

/** Fails if the work does not end within `soon`. */
async function within<T>(work: Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work;
  assert.ok(performance.now() - started < soon, `${performance.now() - started} ms`);
  return result;
}

function reasonOf(presence: Presence): string {
  if (presence.state !== "unknown" || presence.failure.kind !== "remote-unavailable")
    throw new Error(JSON.stringify(presence));
  return presence.failure.reason;
}

for (const kind of ["stall", "stall-in-headers"] as const) {
  test(`${kind}: a look, a download and an upload end, and none is taken for "absent"`, async () => {
    const { remote, proxy, direct, bytes } = await scene();
    proxy.spoil(/^(HEAD|GET|PUT) .*vault\.tar\.aes/, { kind }, Infinity);
    assert.match(reasonOf(await within(remote.head())), /did not answer in time/);
    assert.match(
      failure((await within(download(remote))).result, "remote-unavailable").reason,
      /did not answer in time/,
    );
    const etag = await etagOf(direct);
    assert.match(
      failure(await within(upload(remote, bytes, etag)), "remote-unavailable").reason,
      /did not answer in time/,
    );
    assert.is(await etagOf(direct), etag);
    await proxy.stop();
  });
}

test("a download that stalls in the middle resumes there", async () => {
  const { remote, proxy, bytes } = await scene();
  proxy.spoil(/^GET /, { kind: "stall-answer", after: 1_000_000 });
  proxy.spoil(/^GET /, { kind: "cut-answer", after: 1_500_000 });
  const got = await within(download(remote));
  value(got.result);
  assert.ok(got.bytes.equals(bytes));
  assert.is(proxy.requests.length, 3);
  await proxy.stop();
});

test("a resumed download that finds another object does not mix the two", async () => {
  const { remote, proxy, direct } = await scene();
  proxy.spoil(/^GET /, { kind: "cut-answer", after: 1_000_000 });
  let replaced = false;
  const result = await remote.download({
    write: async () => {
      if (!replaced) value(await upload(direct, randomBytes(3_000_000), await etagOf(direct)));
      replaced = true;
      return ok(undefined);
    },
  });
  assert.match(failure(result, "remote-unavailable").reason, /the object changed in the meantime/);
  await proxy.stop();
});

for (const fault of [
  { kind: "stall-request", after: 500_000 },
  { kind: "cut-request", after: 500_000 },
] as const satisfies readonly Fault[]) {
  test(`${fault.kind}: an upload is retried and finally fails, and the old object stays complete`, async () => {
    const { remote, proxy, direct, bytes } = await scene();
    const before = await etagOf(direct);
    const body = randomBytes(12_000_000);
    proxy.spoil(/^PUT .*vault\.tar\.aes/, fault, Infinity);
    failure(await within(upload(remote, body, before)), "remote-unavailable");
    assert.is(await etagOf(direct), before);
    assert.ok((await download(direct)).bytes.equals(bytes));
    proxy.heal();
    proxy.spoil(/^PUT .*vault\.tar\.aes/, fault);
    assert.is(value(await within(upload(remote, body, before))).state, "written");
    await proxy.stop();
  });
}

test("a listening socket without answers times out", async () => {
  const settings = await newBucket();
  const server: Server = createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const remote = s3Remote({ ...settings, endpoint: `http://127.0.0.1:${address.port}` }, { limits });
  assert.match(reasonOf(await within(remote.head())), /did not answer in time/);
  failure((await within(download(remote))).result, "remote-unavailable");
  server.close();
});

test("a server that accepts no connection times out", async () => {
  // a stopped process accepts nothing, nor does the kernel once its queue is full
  const program = `const s = require("net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ["-e", program]);
  const port = Number(await new Promise<Buffer>((resolve) => child.stdout.once("data", resolve)));
  child.kill("SIGSTOP");
  const queue = Array.from({ length: 4 }, () => connect(port, "127.0.0.1").on("error", () => undefined));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const remote = s3Remote({ ...(await newBucket()), endpoint: `http://127.0.0.1:${port}` }, { limits });
  assert.match(reasonOf(await within(remote.head())), /did not answer in time/);
  for (const socket of queue) socket.destroy();
  child.kill("SIGKILL");
});

for (const { status, code, reason } of [
  { status: 403, code: "AccessDenied", reason: /access is denied/ },
  { status: 403, code: "RequestTimeTooSkewed", reason: /clock is wrong/ },
  { status: 301, code: "PermanentRedirect", reason: /another region/ },
  { status: 400, code: "AuthorizationHeaderMalformed", reason: /another region/ },
  { status: 400, code: "ExpiredToken", reason: /have expired/ },
  { status: 500, code: "InternalError", reason: /internal error/ },
  { status: 503, code: "SlowDown", reason: /internal error/ },
]) {
  test(`${status} ${code} means unknown, never absent`, async () => {
    const { remote, proxy } = await scene();
    proxy.spoil(/./, { kind: "answer", status, code }, Infinity);
    assert.match(reasonOf(await within(remote.head())), reason);
    assert.match(failure((await within(download(remote))).result, "remote-unavailable").reason, reason);
    await proxy.stop();
  });
}

test("a 404 for the key without an answer for the bucket means unknown", async () => {
  const { remote, proxy } = await scene();
  proxy.spoil(/vault\.tar\.aes/, { kind: "answer", status: 404, code: "NoSuchKey" }, Infinity);
  proxy.spoil(/^HEAD \/[^/]+\/?$/, { kind: "answer", status: 503, code: "SlowDown" }, Infinity);
  assert.match(reasonOf(await within(remote.head())), /internal error/);
  failure((await within(download(remote))).result, "remote-unavailable");
  await proxy.stop();
});

test("a server that refuses the condition of a copy although it holds gets the copy without it", async () => {
  const { remote, proxy } = await scene();
  const found = await remote.head();
  assert.is(found.state, "present");
  if (found.state !== "present") return;
  proxy.spoil(/^PUT .*history/, { kind: "answer", status: 412, code: "PreconditionFailed" });
  assert.is(value(await remote.history.keep({ object: found.object })).state, "kept");
  assert.is(value(await remote.history.list()).length, 1);
  await proxy.stop();
});

test("a denied history has a message about the history", async () => {
  const { remote, proxy } = await scene();
  const found = await remote.head();
  if (found.state !== "present") throw new Error(found.state);
  proxy.spoil(/history/, { kind: "answer", status: 403, code: "AccessDenied" }, 2);
  const kept = failure(await remote.history.keep({ object: found.object }), "remote-unavailable");
  assert.match(kept.reason, /access to the history is denied: nothing can be copied into/);
  const listed = failure(await remote.history.list(), "remote-unavailable");
  assert.match(listed.reason, /access to the history is denied: nothing can be listed in/);
  await proxy.stop();
});

test("a wrong key has the same message for the history as for the vault", async () => {
  const { remote, proxy } = await scene();
  const found = await remote.head();
  if (found.state !== "present") throw new Error(found.state);
  for (const [code, reason] of [
    ["SignatureDoesNotMatch", /the secret key of .* is wrong/],
    ["InvalidAccessKeyId", /does not know the access key of/],
  ] as const) {
    proxy.spoil(/history/, { kind: "answer", status: 403, code }, 2);
    const kept = failure(await remote.history.keep({ object: found.object }), "remote-unavailable");
    const listed = failure(await remote.history.list(), "remote-unavailable");
    for (const failed of [kept, listed]) {
      assert.match(failed.reason, reason);
      assert.match(failed.hint ?? "", /tazpod login/);
    }
  }
  await proxy.stop();
});

test.run();
