// needs: s3
// time limit: 900 s
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { s3Remote } from "../../lib/remote/s3/remote.js";
import { FaultProxy } from "../fake/fault-proxy.js";
import { keysIn, newBucket, useTestKeys } from "../rig/bucket.js";
import { put, refused, written } from "../rig/conditional-write.js";
import { newFolder } from "../rig/folder.js";
import { failure } from "../rig/result.js";

const test = suite("the probe for conditional writes");
const probePut = /^PUT .*\.tazpod-probe-/;
useTestKeys();

test("a server is probed once, the result is cached, and nothing is left in the bucket", async () => {
  const settings = await newBucket();
  const proxy = await FaultProxy.start();
  const folder = await newFolder();
  const through = { ...settings, endpoint: proxy.url };
  written(await put(s3Remote(through, { folder }), "absent"));
  assert.equal(await keysIn(settings.bucket), ["tazpod/vault/vault.tar.aes"]);
  const probes = proxy.requests.filter((line) => line.includes("probe")).length;
  assert.ok(probes > 0);
  refused(await put(s3Remote(through, { folder }), "absent"));
  assert.is(proxy.requests.filter((line) => line.includes("probe")).length, probes);
  assert.match(await readFile(join(folder, "endpoints.json"), "utf8"), /"unquoted"/);
  await writeFile(join(folder, "endpoints.json"), "{");
  refused(await put(s3Remote(through, { folder }), "absent"));
  assert.is(proxy.requests.filter((line) => line.includes("probe")).length, 2 * probes);
  await proxy.stop();
});

test("a versioned Ceph bucket needs a single writer and is refused before anything is written", async () => {
  const settings = await newBucket({ versioned: true });
  const { reason, hint = "" } = failure(await put(s3Remote(settings), "absent"), "remote-unavailable");
  assert.match(reason, /does not honour conditional writes here/);
  assert.match(hint, /single_writer: true/);
  assert.equal(await keysIn(settings.bucket), []);
});

test("a server that ignores conditions is detected", async () => {
  const settings = await newBucket();
  const proxy = await FaultProxy.start();
  proxy.spoil(/^PUT /, { kind: "ignore-conditions" }, Infinity);
  const through = s3Remote({ ...settings, endpoint: proxy.url });
  const { reason } = failure(await put(through, "absent"), "remote-unavailable");
  assert.match(reason, /overwrites an object that must not exist/);
  assert.equal(await keysIn(settings.bucket), []);
  await proxy.stop();
});

test("a server that rejects conditional writes is detected", async () => {
  const settings = await newBucket();
  const proxy = await FaultProxy.start();
  proxy.spoil(probePut, { kind: "answer", status: 501, code: "NotImplemented" }, Infinity);
  const through = { ...settings, endpoint: proxy.url };
  assert.match(
    failure(await put(s3Remote(through), "absent"), "remote-unavailable").reason,
    /does not support them/,
  );
  written(await put(s3Remote({ ...through, singleWriter: true }), "absent"));
  await proxy.stop();
});

test("a bucket that was made versioned after its probe is probed again", async () => {
  const settings = await newBucket({ versioned: true });
  const folder = await newFolder();
  const noted = {
    version: 1,
    endpoints: { [`${settings.endpoint} ${settings.bucket}`]: { honoured: true, etag: "unquoted" } },
  };
  await writeFile(join(folder, "endpoints.json"), JSON.stringify(noted));
  const first = written(await put(s3Remote(settings, { folder }), "absent"));
  const { reason } = failure(
    await put(s3Remote(settings, { folder }), { replaces: first.etag }),
    "remote-unavailable",
  );
  assert.match(reason, /does not honour conditional writes here/);
  written(await put(s3Remote({ ...settings, singleWriter: true }, { folder }), { replaces: first.etag }));
});

test("a probe succeeds despite lost answers and 503", async () => {
  const settings = await newBucket();
  const proxy = await FaultProxy.start();
  proxy.spoil(probePut, { kind: "lose-answer" });
  proxy.spoil(probePut, { kind: "answer", status: 503, code: "SlowDown" });
  written(await put(s3Remote({ ...settings, endpoint: proxy.url }), "absent"));
  assert.equal(await keysIn(settings.bucket), ["tazpod/vault/vault.tar.aes"]);
  await proxy.stop();
});

test.run();
