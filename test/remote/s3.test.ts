// on each of: s3, swift
// time limit: 900 s
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ok, type Result } from "../../lib/failure/result.js";
import { s3Remote } from "../../lib/remote/s3/remote.js";
import type { Presence, RemoteObject, RemoteSettings, Uploaded } from "../../lib/remote/remote-types.js";
import { cuttingProxy } from "../fake/cutting-proxy.js";
import { newBucket, testRemote, useTestKeys } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { sha256Of } from "../rig/sha256.js";
import { failure, value } from "../rig/result.js";
import { s3Server } from "../runner/services.js";

const test = suite("s3 remote");
const condition = "absent";

test.before.each(useTestKeys);

// Set before the first client is created: the SDK reads these files once per process.
test.before(async () => {
  await mkdir(join(homedir(), ".aws"), { recursive: true });
  await writeFile(
    join(homedir(), ".aws", "credentials"),
    `[tazlab]\naws_access_key_id = ${s3Server.key}\naws_secret_access_key = ${s3Server.secret}\n`,
  );
  const sso =
    "sso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_start_url = https://x.invalid/start\nsso_region = eu-west-1\n";
  await writeFile(join(homedir(), ".aws", "config"), `[profile later]\n${sso}`);
});

async function metadataOf(from: string) {
  return { host: "büro laptop", writeId: "w-1", generation: 3, sha256: await sha256Of(from) };
}

async function withFile(bytes: Buffer): Promise<string> {
  const file = join(await newFolder(), "vault");
  await writeFile(file, bytes);
  return file;
}

async function download(
  settings: RemoteSettings,
  signal?: AbortSignal,
): Promise<{ result: Awaited<ReturnType<ReturnType<typeof s3Remote>["download"]>>; bytes: Buffer }> {
  const pieces: Buffer[] = [];
  const result = await s3Remote(settings).download({
    write: async (piece) => ok(void pieces.push(piece)),
    ...(signal === undefined ? {} : { signal }),
  });
  return { result, bytes: Buffer.concat(pieces) };
}

function written(result: Result<Uploaded>): RemoteObject {
  const uploaded = value(result);
  if (uploaded.state === "written") return uploaded.object;
  throw new Error(`refused: ${JSON.stringify(uploaded.found)}`);
}

/** The reason and hint of an unknown presence. */
function unknown(presence: Presence): string {
  if (presence.state !== "unknown") throw new Error(`not unknown: ${JSON.stringify(presence)}`);
  const { failure: why } = presence;
  return why.kind === "remote-unavailable" ? `${why.reason}. ${why.hint ?? ""}` : why.kind;
}

test("an uploaded object is there and is downloaded unchanged with its metadata and progress", async () => {
  const settings = await newBucket();
  const bytes = randomBytes(3_000_000);
  const told: number[] = [];
  const from = await withFile(bytes);
  const put = written(
    await s3Remote(settings).upload({
      from,
      metadata: await metadataOf(from),
      condition,
      progress: (done, total) => void told.push(done, total),
    }),
  );
  assert.is(told.at(-2), bytes.length);
  assert.is(told.at(-1), bytes.length);
  const presence = await s3Remote(settings).head();
  assert.is(presence.state, "present");
  if (presence.state !== "present") return;
  assert.is(presence.object.etag, put.etag);
  assert.is(presence.object.bytes, bytes.length);
  assert.is(presence.object.host, "büro laptop");
  assert.is(presence.object.writeId, "w-1");
  assert.is(presence.object.generation, 3);
  assert.is(presence.object.sha256, await sha256Of(from));
  assert.ok(Math.abs(presence.object.modified.getTime() - Date.now()) < 60_000);
  const back = await download(settings);
  assert.is(value(back.result).etag, put.etag);
  assert.ok(back.bytes.equals(bytes));
});

test("a missing key in an existing bucket is absent", async () => {
  const settings = await newBucket();
  assert.equal(await s3Remote(settings).head(), { state: "absent" });
  failure((await download(settings)).result, "remote-absent");
});

test("a missing bucket means unknown and is named", async () => {
  const settings = testRemote("tazpod-no-such-bucket");
  assert.match(unknown(await s3Remote(settings).head()), /no bucket tazpod-no-such-bucket/);
  assert.match(failure((await download(settings)).result, "remote-unavailable").reason, /no bucket/);
  const from = await withFile(randomBytes(10));
  assert.match(
    failure(
      await s3Remote(settings).upload({ from, metadata: await metadataOf(from), condition }),
      "remote-unavailable",
    ).reason,
    /no bucket/,
  );
});

test("an unknown access key and a wrong secret are different failures", async () => {
  const settings = await newBucket();
  process.env["AWS_ACCESS_KEY_ID"] = "NOSUCHKEY";
  // Swift does not tell the two apart
  const noSuchKey = s3Server.honoursConditions
    ? /does not know the access key of the keys in AWS_ACCESS_KEY_ID/
    : /is wrong, or the server does not know the access key/;
  assert.match(unknown(await s3Remote(settings).head()), noSuchKey);
  useTestKeys();
  process.env["AWS_SECRET_ACCESS_KEY"] = "wrong";
  assert.match(unknown(await s3Remote(settings).head()), /secret key .* is wrong/);
});

test("an unresolvable name and a closed port are unknown soon, with a reason", async () => {
  const started = performance.now();
  const nowhere = { ...testRemote("b"), endpoint: "http://nope.invalid" };
  assert.match(unknown(await s3Remote(nowhere).head()), /http:\/\/nope\.invalid cannot be resolved/);
  assert.match(failure((await download(nowhere)).result, "remote-unavailable").reason, /cannot be resolved/);
  const closed = { ...testRemote("b"), endpoint: "http://127.0.0.1:9" };
  assert.match(unknown(await s3Remote(closed).head()), /refuses the connection/);
  const from = await withFile(randomBytes(10));
  assert.match(
    failure(
      await s3Remote(closed).upload({ from, metadata: await metadataOf(from), condition }),
      "remote-unavailable",
    ).reason,
    /refuses/,
  );
  assert.ok(performance.now() - started < 15_000, `${performance.now() - started} ms`);
});

test("a server that accepts connections but never answers times out after 30 s", async () => {
  const settings = await newBucket();
  const proxy = await cuttingProxy();
  proxy.stall();
  const started = performance.now();
  assert.match(
    unknown(await s3Remote({ ...settings, endpoint: proxy.url }).head()),
    /did not answer in time/,
  );
  assert.ok(performance.now() - started < 35_000);
  await proxy.close();
});

test("a download whose connection breaks resumes and is complete", async () => {
  const settings = await newBucket();
  const all = randomBytes(1_000_000);
  const from = await withFile(all);
  value(await s3Remote(settings).upload({ from, metadata: await metadataOf(from), condition }));
  const proxy = await cuttingProxy();
  proxy.cutAfter(400_000);
  const { result, bytes } = await download({ ...settings, endpoint: proxy.url });
  value(result);
  assert.ok(bytes.equals(all));
  assert.is(proxy.connections(), 3);
  await proxy.close();
});

test("a connection that keeps breaking is a failure, never a truncated success", async () => {
  const settings = await newBucket();
  const from = await withFile(randomBytes(1_000_000));
  value(await s3Remote(settings).upload({ from, metadata: await metadataOf(from), condition }));
  const proxy = await cuttingProxy();
  proxy.cutAfter(100_000);
  const { result, bytes } = await download({ ...settings, endpoint: proxy.url });
  await proxy.close();
  assert.match(failure(result, "remote-unavailable").reason, /was cut/);
  assert.ok(bytes.length < 500_000);
});

test("an abort ends a stalled request at once", async () => {
  const settings = await newBucket();
  const proxy = await cuttingProxy();
  proxy.stall();
  const stop = new AbortController();
  setTimeout(() => stop.abort("SIGINT"), 300);
  const started = performance.now();
  const presence = await s3Remote({ ...settings, endpoint: proxy.url }).head(stop.signal);
  await proxy.close();
  assert.is(presence.state === "unknown" && presence.failure.kind, "interrupted");
  assert.ok(performance.now() - started < 2000);
});

test("an upload is retried when its connection breaks", async () => {
  const settings = await newBucket();
  const proxy = await cuttingProxy();
  proxy.loseAnswerTo("PUT");
  const from = await withFile(randomBytes(200_000));
  value(
    await s3Remote({ ...settings, endpoint: proxy.url }).upload({
      from,
      metadata: await metadataOf(from),
      condition,
    }),
  );
  assert.ok(proxy.connections() >= 2);
  await proxy.close();
  assert.ok((await download(settings)).bytes.equals(await readFile(from)));
});

test("credentials from the environment, none, from a profile, and a missing SSO login", async () => {
  const settings = testRemote("b");
  const made = await newBucket();
  assert.is((await s3Remote({ ...settings, profile: "nobody" }).credentials()).state, "true");
  delete process.env["AWS_ACCESS_KEY_ID"];
  delete process.env["AWS_SECRET_ACCESS_KEY"];
  const started = performance.now();
  const none = await s3Remote({ ...settings, profile: "nobody" }).credentials();
  assert.equal([none.state, none.reason], ["false", "the AWS configuration has no profile nobody"]);
  assert.match(none.hint ?? "", /remote\.profile/);
  assert.ok(performance.now() - started < 1000, `slow: ${performance.now() - started} ms`);
  failure((await download({ ...made, profile: "nobody" })).result, "no-credentials");
  assert.is((await s3Remote({ ...settings, profile: "tazlab" }).credentials()).state, "true");
  assert.equal(await s3Remote({ ...made, profile: "tazlab" }).head(), { state: "absent" });
  const over = await s3Remote({ ...settings, profile: "later" }).credentials();
  assert.equal(
    [over.state, over.reason],
    ["false", "there is no login at https://x.invalid/start (profile later)"],
  );
});

test.run();
