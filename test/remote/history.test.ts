// on each of: s3, swift
// time limit: 900 s
import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openRemote } from "../../lib/remote/open-remote.js";
import { pull } from "../../lib/remote/pull.js";
import { expired, prune, purge } from "../../lib/remote/prune.js";
import { push, type PushRequest } from "../../lib/remote/push.js";
import { newestFirst, parseHistoryName } from "../../lib/remote/history-name.js";
import type { HistoryCopy, Remote, RemoteSettings } from "../../lib/remote/remote-types.js";
import { ok } from "../../lib/failure/result.js";
import { FaultProxy } from "../fake/fault-proxy.js";
import { keysIn, newBucket, useTestKeys, putObject } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { sha256Of } from "../rig/sha256.js";
import { failure, value } from "../rig/result.js";

useTestKeys();
const names = suite("history names");

function copies(...names: string[]): HistoryCopy[] {
  return names.flatMap((name) => parseHistoryName(name, 1) ?? []);
}

names("names of both tazpods are parsed, and no others", () => {
  const [go] = copies("vault-20260711T090000.tar.aes");
  assert.is(go?.at.toISOString(), "2026-07-11T09:00:00.000Z");
  assert.is(go?.mark, undefined);
  assert.is(copies("vault-20260711T090000-000012-0123456789ab.tar.aes")[0]?.mark, "01234567");
  for (const name of [
    "vault-20260711T090000-000012-0123456789ab.tar.aes.meta.json",
    "vault-20260711T090000-000012-0123.tar.aes",
    "vault-20260711T090000.tar",
    "vault-20260731T250000.tar.aes",
    "vault-20260231T090000.tar.aes",
    "my-vault-20260711T090000.tar.aes",
    "vault.tar.aes",
    "../vault-20260711T090000.tar.aes",
  ])
    assert.equal(copies(name), [], name);
});

names(
  "retention keeps the newest writes, counts the copies of one write once, and by default keeps all",
  () => {
    const all = copies(
      "vault-20260101T000000.tar.aes",
      "vault-20260102T000000-000007-aaaaaaaa0001.tar.aes",
      "vault-20260102T000000-000007-aaaaaaaa0002.tar.aes",
      "vault-20260102T000000-000010-00bbbbbb0001.tar.aes",
      "vault-20260103T000000-000007-cccccccc0001.tar.aes",
    );
    for (const keep of [undefined, 0, -1, 1.5, Number.NaN, 4, 100]) assert.equal(expired(all, keep), []);
    assert.equal(expired(all, 3), ["vault-20260101T000000.tar.aes"]);
    assert.equal(expired(all, 2), [
      "vault-20260102T000000-000007-aaaaaaaa0002.tar.aes",
      "vault-20260102T000000-000007-aaaaaaaa0001.tar.aes",
      "vault-20260101T000000.tar.aes",
    ]);
    const left = newestFirst(all).filter(({ name }) => !expired(all, 1).includes(name));
    assert.equal(
      left.map(({ name }) => name),
      ["vault-20260103T000000-000007-cccccccc0001.tar.aes"],
    );
  },
);

names.run();

const kinds: Record<string, (options?: { versioned: boolean }) => Promise<RemoteSettings>> = {
  s3: newBucket,
  "s3, versioned with a single writer": async () => ({
    ...(await newBucket({ versioned: true })),
    singleWriter: true,
  }),
  file: async () => ({
    url: pathToFileURL(join(await newFolder("disk"), "vault.tar.aes")).href,
    region: "x",
  }),
};

interface Host {
  readonly folder: string;
  /** Saves and pushes these bytes. */
  push(bytes: Buffer, more?: Partial<PushRequest>): ReturnType<typeof push>;
}

async function newHost(remote: Remote, host: string): Promise<Host> {
  const folder = await newFolder(host);
  return {
    folder,
    async push(bytes, more = {}) {
      await writeFile(join(folder, "vault.tar.aes"), bytes);
      return push({ remote, folder, host, ...more });
    },
  };
}

async function bytesOf(remote: Remote, name: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  value(await remote.history.download(name, { write: async (piece) => ok(void pieces.push(piece)) }));
  return Buffer.concat(pieces);
}

for (const [kind, make] of Object.entries(kinds)) {
  const test = suite(`history: ${kind}`);

  test("pushed vaults are in the history with host, generation and checksum, newest first", async () => {
    const remote = await openRemote(await make());
    assert.equal(value(await remote.history.list()), []);
    const host = await newHost(remote, "host-a");
    const versions = [randomBytes(100), randomBytes(200), randomBytes(300)];
    for (const bytes of versions) assert.is(value(await host.push(bytes)).historyProblem, undefined);
    const list = value(await remote.history.list());
    assert.equal(list.map(({ bytes }) => bytes).toSorted(), [100, 200, 300]);
    const seen = new Map<number, Buffer>();
    for (const { name, bytes } of list) {
      const found = await remote.history.head(name);
      if (found.state !== "present") throw new Error(JSON.stringify(found));
      assert.is(found.object.host, "host-a");
      assert.is(found.object.bytes, bytes);
      const whole = await bytesOf(remote, name);
      assert.is(found.object.sha256, createHash("sha256").update(whole).digest("hex"));
      seen.set(found.object.generation ?? -1, whole);
    }
    versions.forEach((bytes, index) => assert.ok(seen.get(index + 1)?.equals(bytes)));
  });

  test("retention keeps the newest copies and other programs' files", async () => {
    const settings = await make();
    const remote = await openRemote(settings);
    const host = await newHost(remote, "host-a");
    for (let count = 0; count < 3; count++) value(await host.push(randomBytes(100)));
    assert.is(value(await remote.history.list()).length, 3);
    const { record } = value(await host.push(randomBytes(100), { retention: 1 }));
    const left = value(await remote.history.list());
    assert.equal(
      left.map(({ name }) => name),
      [record.history],
    );
    value(await host.push(randomBytes(100), { retention: 0 }));
    assert.is(value(await remote.history.list()).length, 2);
  });

  test("a refused push leaves nothing behind and removes nothing", async () => {
    const remote = await openRemote(await make());
    const [one, two] = [await newHost(remote, "a"), await newHost(remote, "b")];
    value(await one.push(randomBytes(100)));
    failure(await two.push(randomBytes(100), { retention: 1 }), "conflict");
    assert.is(value(await remote.history.list()).length, 1);
  });

  test("a purge keeps the current version; a host that has not synced it removes nothing", async () => {
    const remote = await openRemote(await make());
    const [one, two] = [await newHost(remote, "host-a"), await newHost(remote, "host-b")];
    value(await one.push(randomBytes(100)));
    value(await pull({ remote, folder: two.folder }));
    value(await two.push(randomBytes(110)));
    const behind = failure(await purge({ remote, folder: one.folder }), "conflict");
    assert.match(behind.message, /The host host-b changed .*; no copy was removed/);
    assert.is(value(await remote.history.list()).length, 2);
    value(await pull({ remote, folder: one.folder }));
    assert.equal(value(await purge({ remote, folder: one.folder })), { removed: 1, left: 1 });
    assert.equal(
      value(await remote.history.list()).map(({ bytes }) => bytes),
      [110],
    );
  });

  test("a push that ended before its copy was made is copied by the next push of any host", async () => {
    const remote = await openRemote(await make());
    const one = await newHost(remote, "a");
    const first = randomBytes(100);
    const noCopies: Remote = {
      ...remote,
      history: {
        ...remote.history,
        keep: async () => ({
          ok: false,
          failure: { kind: "remote-unavailable", url: "x", reason: "no copies" },
        }),
      },
    };
    await writeFile(join(one.folder, "vault.tar.aes"), first);
    const pushed = value(await push({ remote: noCopies, folder: one.folder, host: "a" }));
    assert.is(pushed.historyProblem?.kind, "remote-unavailable");
    assert.equal(value(await remote.history.list()), []);
    const two = await newHost(remote, "b");
    value(await pull({ remote, folder: two.folder }));
    value(await two.push(randomBytes(110)));
    const list = value(await remote.history.list());
    assert.equal(list.map(({ bytes }) => bytes).toSorted(), [100, 110]);
    const old = list.find(({ bytes }) => bytes === 100);
    assert.ok((await bytesOf(remote, old?.name ?? "")).equals(first));
  });

  test("generations grow with each push from any host", async () => {
    const remote = await openRemote(await make());
    const [one, two] = [await newHost(remote, "a"), await newHost(remote, "b")];
    assert.is(value(await one.push(randomBytes(100))).record.generation, 1);
    value(await pull({ remote, folder: two.folder }));
    assert.is(value(await two.push(randomBytes(100))).record.generation, 2);
    value(await pull({ remote, folder: one.folder }));
    assert.is(value(await one.push(randomBytes(100))).record.generation, 3);
  });

  test("an older vault on the remote stops pull and push; with force the local one is kept", async () => {
    const settings = await make();
    const remote = await openRemote(settings);
    const [one, two] = [await newHost(remote, "host-a"), await newHost(remote, "b")];
    const [first, second] = [randomBytes(100), randomBytes(110)];
    value(await one.push(first));
    value(await pull({ remote, folder: two.folder }));
    value(await one.push(second));
    // an old copy is put back unchanged
    const [, old] = value(await remote.history.list()).toSorted((a, b) => b.bytes - a.bytes);
    const head = await remote.history.head(old?.name ?? "");
    const there = await remote.head();
    if (head.state !== "present" || there.state !== "present") throw new Error("not there");
    const from = join(await newFolder(), "old");
    await writeFile(from, first);
    const metadata = { host: "host-a", writeId: "put-back", generation: 1, sha256: head.object.sha256 ?? "" };
    value(await remote.upload({ from, metadata, condition: { replaces: there.object.etag } }));
    const alarm = failure(await pull({ remote, folder: one.folder }), "remote-rollback");
    assert.equal([alarm.seen, alarm.found, alarm.host], [2, 1, "host-a"]);
    failure(await one.push(randomBytes(120)), "remote-rollback");
    await writeFile(join(one.folder, "vault.tar.aes"), second);
    const { backup = "" } = value(await pull({ remote, folder: one.folder, force: true }));
    assert.ok((await readFile(backup)).equals(second));
    // the next push exceeds every generation seen
    assert.is(value(await one.push(randomBytes(130))).record.generation, 3);
  });

  test("bytes that differ from the pushed ones are refused", async () => {
    const remote = await openRemote(await make());
    const from = join(await newFolder(), "vault");
    await writeFile(from, randomBytes(100));
    const metadata = { host: "a", writeId: "w", generation: 1, sha256: "ab".repeat(32) };
    const sent = await remote.upload({ from, metadata, condition: "absent" });
    if (remote.kind === "file") return void value(sent);
    // the body differs from the signed one, which the server detects
    failure(sent, "remote-unavailable");
    assert.equal(await remote.head(), { state: "absent" });
    await putObject(remote.url, randomBytes(100), { "tazpod-sha256": "ab".repeat(32) });
    failure(await pull({ remote, folder: await newFolder() }), "vault-damaged");
  });

  test.run();
}

const s3 = suite("history: s3");

s3("other objects in the folder are neither listed nor removed", async () => {
  const settings = await newBucket();
  const remote = await openRemote(settings);
  const stray = await openRemote({
    ...settings,
    url: settings.url.replace("vault.tar.aes", "history/vault-notes.txt"),
  });
  const from = join(await newFolder(), "notes");
  await writeFile(from, "mine");
  const metadata = { host: "a", writeId: "w", generation: 1, sha256: await sha256Of(from) };
  value(await stray.upload({ from, metadata, condition: "absent" }));
  const host = await newHost(remote, "a");
  for (let count = 0; count < 3; count++) value(await host.push(randomBytes(100), { retention: 1 }));
  const keys = await keysIn(settings.bucket);
  assert.is(keys.length, 3);
  assert.ok(keys.includes("tazpod/vault/history/vault-notes.txt"));
});

s3("a server that cannot copy receives the bytes again", async () => {
  const settings = await newBucket();
  const proxy = await FaultProxy.start();
  proxy.spoil(/x-id=CopyObject/, { kind: "answer", status: 501, code: "NotImplemented" }, Infinity);
  const remote = await openRemote({ ...settings, endpoint: proxy.url });
  const bytes = randomBytes(100);
  const host = await newHost(remote, "a");
  const { record } = value(await host.push(bytes));
  assert.ok((await bytesOf(remote, record.history ?? "")).equals(bytes));
  const head = await remote.history.head(record.history ?? "");
  assert.is(head.state === "present" && head.object.writeId, record.writeId);
  await proxy.stop();
});

s3("another host's push before the copy is not taken for the copy", async () => {
  const settings = await newBucket();
  const remote = await openRemote(settings);
  const [one, two] = [await newHost(remote, "a"), await newHost(remote, "b")];
  const late: Remote = {
    ...remote,
    history: {
      ...remote.history,
      keep: async (request) => {
        if (request.checkFirst !== true) {
          value(await pull({ remote, folder: two.folder }));
          value(await two.push(Buffer.alloc(70, 2)));
        }
        return remote.history.keep(request);
      },
    },
  };
  await writeFile(join(one.folder, "vault.tar.aes"), Buffer.alloc(70, 1));
  const { record } = value(await push({ remote: late, folder: one.folder, host: "a" }));
  assert.is(record.history, undefined);
  const list = value(await remote.history.list());
  const kept = await Promise.all(list.map(({ name }) => bytesOf(remote, name)));
  assert.equal(kept.map((bytes) => bytes[0]).toSorted(), [1, 2]);
});

s3("a server that still returns the previous vault does no harm", async () => {
  const settings = await newBucket();
  const proxy = await FaultProxy.start();
  const remote = await openRemote({ ...settings, endpoint: proxy.url });
  const host = await newHost(remote, "a");
  const { record } = value(await host.push(randomBytes(100)));
  value(await host.push(randomBytes(110)));
  const stale = { kind: "stale", key: `tazpod/vault/history/${record.history}` } as const;
  // it returns an older version than this host wrote: reported as such, not as another host's change
  proxy.spoil(/^(HEAD|GET) .*vault\.tar\.aes/, stale, Infinity);
  failure(await host.push(randomBytes(120)), "remote-rollback");
  proxy.heal();
  value(await host.push(randomBytes(120)));
  await proxy.stop();
});

s3.run();

const folder = suite("history: folder");

folder("a version is kept at each remote, although another one has a copy of the same bytes", async () => {
  const [one, other] = [await newFolder("one"), await newFolder("other")].map((disk) =>
    join(disk, "vault.tar.aes"),
  );
  const open = (path = ""): Promise<Remote> => openRemote({ url: pathToFileURL(path).href, region: "x" });
  const host = await newHost(await open(one), "a");
  const bytes = randomBytes(100);
  value(await host.push(bytes));
  await writeFile(other ?? "", bytes);
  const remote = await open(other);
  value(await push({ remote, folder: host.folder, host: "a", force: true }));
  assert.is(value(await remote.history.list()).length, 2);
});

folder("the copy just made stays, even if the remote's clock says that it is the oldest", async () => {
  const remote = await openRemote({
    url: pathToFileURL(join(await newFolder("disk"), "vault.tar.aes")).href,
    region: "x",
  });
  const host = await newHost(remote, "a");
  for (let count = 0; count < 3; count++) value(await host.push(randomBytes(100)));
  const copies = value(await remote.history.list());
  const [newest, , oldest] = copies.map(({ name }) => name);
  await prune(remote, oldest ?? "", copies, { retention: 1 });
  assert.equal(
    value(await remote.history.list()).map(({ name }) => name),
    [newest, oldest],
  );
});

folder("a copy's sidecar is next to it and is removed with it", async () => {
  const url = pathToFileURL(join(await newFolder("disk"), "vault.tar.aes")).href;
  const remote = await openRemote({ url, region: "x" });
  const host = await newHost(remote, "a");
  const { record } = value(await host.push(randomBytes(100)));
  const disk = join(dirname(fileURLToPath(url)), "history");
  assert.match(await readFile(join(disk, `${record.history}.meta.json`), "utf8"), /"host":"a"/);
  value(await remote.history.remove([record.history ?? ""]));
  assert.equal(value(await remote.history.list()), []);
});

folder.run();
