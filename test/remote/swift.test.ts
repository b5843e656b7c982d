// on each of: swift
// time limit: 300 s
import { randomBytes, randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ok } from "../../lib/failure/result.js";
import { push } from "../../lib/remote/push.js";
import { pull } from "../../lib/remote/pull.js";
import { setUpStorage } from "../../lib/remote/s3/storage.js";
import { s3Location, s3Remote } from "../../lib/remote/s3/remote.js";
import { keysIn, newBucket, testRemote, unfinishedIn } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";

const test = suite("OpenStack Swift");
const parts = { from: 6_000_000, part: 5 * 1024 ** 2 };

async function hostWith(bytes: Buffer): Promise<string> {
  const folder = await newFolder();
  await writeFile(join(folder, "vault.tar.aes"), bytes);
  return folder;
}

test("without conditional writes a push is refused, names single_writer, and leaves nothing", async () => {
  const settings = { ...(await newBucket()), singleWriter: false };
  const state = await newFolder();
  const remote = s3Remote(settings, { folder: state });
  const folder = await hostWith(randomBytes(100));
  for (const _ of ["probed", "noted"]) {
    const refused = failure(await push({ remote, folder, host: "a" }), "remote-unavailable");
    assert.match(refused.reason, /does not honour conditional writes here \(it does not support them\)/);
    assert.match(refused.hint ?? "", /remote\.single_writer: true/);
  }
  assert.match(await readFile(join(state, "endpoints.json"), "utf8"), /"honoured": false/);
  assert.equal(await keysIn(settings.bucket), []);
});

test("vaults that were uploaded in parts are pushed, kept in the history, replaced and pulled", async () => {
  const settings = await newBucket();
  const remote = s3Remote(settings, { parts });
  const first = randomBytes(7_000_000);
  const folder = await hostWith(first);
  for (const bytes of [first, randomBytes(11_000_000), randomBytes(100)]) {
    await writeFile(join(folder, "vault.tar.aes"), bytes);
    const pushed = value(await push({ remote, folder, host: "a" }));
    assert.is(pushed.historyProblem, undefined);
    const pieces: Buffer[] = [];
    const write = async (piece: Buffer) => ok(void pieces.push(piece));
    value(await remote.history.download(pushed.record.history ?? "", { write }));
    assert.ok(Buffer.concat(pieces).equals(bytes));
    const there = await newFolder();
    value(await pull({ remote, folder: there }));
    assert.ok((await readFile(join(there, "vault.tar.aes"))).equals(bytes));
  }
  assert.is(value(await remote.history.list()).length, 3);
  assert.equal(await unfinishedIn(settings.bucket), []);
});

test("the next push makes up for the missing copy of a vault that was uploaded in parts", async () => {
  const remote = s3Remote(await newBucket(), { parts });
  const folder = await hostWith(randomBytes(7_000_000));
  const denied = { kind: "remote-unavailable", url: remote.url, reason: "no copies" } as const;
  const keep = async () => ({ ok: false, failure: denied }) as const;
  const noCopies = { ...remote, history: { ...remote.history, keep } };
  assert.ok(value(await push({ remote: noCopies, folder, host: "a" })).historyProblem);
  await writeFile(join(folder, "vault.tar.aes"), randomBytes(100));
  value(await push({ remote, folder, host: "a" }));
  const sizes = value(await remote.history.list()).map(({ bytes }) => bytes);
  assert.equal(sizes.toSorted(), [100, 7_000_000]);
});

test("setting storage up creates the bucket and reports what the server cannot do", async () => {
  const settings = testRemote(`tazpod-${randomUUID()}`);
  const { location } = s3Location(settings);
  const request = { location, region: "eu-central-1", amazon: false, wantsLifecycle: async () => ok(true) };
  const steps = value(await setUpStorage(request));
  assert.equal(
    steps.map(({ outcome }) => outcome),
    ["done", "passed", "passed", "passed"],
  );
  for (const { reason } of steps.slice(1)) assert.match(reason ?? "", /the server cannot/);
  value(await push({ remote: s3Remote(settings), folder: await hostWith(randomBytes(100)), host: "a" }));
});

test.run();
