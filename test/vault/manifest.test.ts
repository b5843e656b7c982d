import { createHash, randomBytes } from "node:crypto";
import { copyFileSync, readdirSync } from "node:fs";
import { readFile, readdir, truncate, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { ok } from "../../lib/failure/result.js";
import { noTarWarnings } from "../../lib/vault/archive/tar-warnings.js";
import { Secret } from "../../lib/host/secret.js";
import { openAge } from "../../lib/vault/age/age.js";
import { type ArchiveSummary, normalise } from "../../lib/vault/archive/normalise.js";
import { manifestBytes, parseManifest } from "../../lib/vault/archive/manifest.js";
import { inspectVault, listVault } from "../../lib/vault/inspect-vault.js";
import { openVault } from "../../lib/vault/open-vault.js";
import { sealInto, type SealRequest } from "../../lib/vault/seal-into.js";
import { changeState, readState } from "../../lib/vault/vault-state.js";
import { newFolder } from "../rig/folder.js";
import { rawTar, type RawEntry } from "../rig/hostile-tar.js";
import { drain, readTar } from "../rig/read-tar.js";
import { failure, value } from "../rig/result.js";
import { all, sealed } from "../rig/seal.js";

const test = suite("manifest");
const policy = { limitBytes: 1024 * 1024, format: "age" } as const;
const secret = Secret.fromText("correct horse battery");
const content: RawEntry[] = [
  { name: "sub/", type: "5", mode: 0o750 },
  { name: "sub/key", mode: 0o600, content: "a key" },
  { name: "link", type: "2", target: "sub/key" },
];

function source(...entries: RawEntry[]): SealRequest["source"] {
  return () => ({ tar: Readable.from([rawTar(entries)]), done: Promise.resolve(ok(noTarWarnings)) });
}

function request(folder: string, from: SealRequest["source"]): SealRequest {
  return { folder, source: from, passphrase: secret, format: "age", limitBytes: policy.limitBytes };
}

async function summaryOf(tar: Readable): Promise<ArchiveSummary> {
  const { tar: clean, summary } = normalise(tar, policy);
  clean.resume();
  return value(await summary);
}

test("a sealed vault starts with its content list, parent, host and time", async () => {
  const folder = await newFolder();
  const parent = { sealed: "a".repeat(64), content: "b".repeat(64) };
  const stored = value(
    await sealInto({ ...request(folder, source(...content)), from: { generation: 6, parent } }),
  );
  const sealed = await readFile(stored.path);
  assert.is(stored.sha256, createHash("sha256").update(sealed).digest("hex"));
  const plain = await all(await openAge(Readable.from([sealed]), secret, "vault"));
  const [first, ...rest] = await readTar(gunzipSync(plain));
  assert.is(first?.name, ".tazpod/manifest.json");
  assert.equal(
    rest.map(({ name }) => name),
    ["sub/", "sub/key", "link"],
  );
  const read = JSON.parse(first?.content.toString() ?? "") as Record<string, unknown>;
  assert.is(read["generation"], 7);
  assert.equal(read["parent"], parent);
  assert.is(read["host"], hostname());
  assert.ok(Math.abs(Date.parse(String(read["time"])) - Date.now()) < 60_000);
  assert.equal(read["entries"], [
    { path: "sub", type: "directory", mode: "750", mtime: 1_700_000_000 },
    {
      path: "sub/key",
      type: "file",
      mode: "600",
      mtime: 1_700_000_000,
      size: 5,
      sha256: createHash("sha256").update("a key").digest("hex"),
    },
    { path: "link", type: "link", mode: "644", mtime: 1_700_000_000, target: "sub/key" },
  ]);
});

test("the manifest is in the summary, not in the content, and is never unpacked", async () => {
  const folder = await newFolder();
  const stored = value(await sealInto(request(folder, source(...content))));
  const opened = value(await openVault(stored.path, secret));
  const { tar, summary } = normalise(opened.tar, policy);
  const names = (await readTar(await drain(tar))).map(({ name }) => name);
  assert.equal(names, ["sub/", "sub/key", "link"]);
  const found = value(await summary);
  assert.is(found.manifest?.generation, 1);
  assert.is(found.manifest?.parent, undefined);
  assert.is(found.manifest?.digest, found.digest);
  assert.equal(found.manifest?.entries, found.entries);
  assert.is((await summaryOf(Readable.from([rawTar(content)]))).digest, found.digest);
});

test("a manifest that does not match, is not first, or is invalid is ignored", async () => {
  const folder = await newFolder();
  const stored = value(await sealInto(request(folder, source(...content))));
  const tar = await drain(value(await openVault(stored.path, secret)).tar);
  const [good] = await readTar(tar);
  const entry: RawEntry = { name: ".tazpod/manifest.json", content: good?.content ?? "" };
  assert.ok((await summaryOf(Readable.from([rawTar([entry, ...content])]))).manifest);
  const more: RawEntry = { name: "more", content: "x" };
  for (const entries of [
    [entry, ...content, more],
    [...content, entry],
    [{ ...entry, content: "{" }, ...content],
    [{ ...entry, content: '{"version":2}' }, ...content],
  ]) {
    assert.is((await summaryOf(Readable.from([rawTar(entries)]))).manifest, undefined);
  }
});

test("parsing a manifest never crashes", () => {
  const samples = ["", "null", "[]", "{}", '{"version":1,"entries":[null]}', '{"version":1,"entries":{}}'];
  const entry = '{"path":"a","type":"file","mode":"600","mtime":1,"size":1,"sha256":"x"}';
  samples.push(`{"version":1,"entries":[${entry}],"generation":1.5,"host":"h","time":"t","digest":"d"}`);
  samples.push("[".repeat(100_000));
  for (const text of samples) assert.is(parseManifest(Buffer.from(text)), undefined, text.slice(0, 80));
});

test("a listing reads only the manifest; without one it reads everything", async () => {
  const folder = await newFolder();
  const random = { name: "random", content: randomBytes(300_000) };
  const stored = value(await sealInto(request(folder, source(...content, random))));
  const all = value(await listVault(stored.path, secret));
  assert.equal(all.entries, stored.summary.entries);
  assert.is(all.manifest?.generation, 1);
  await truncate(stored.path, 150_000);
  failure(await inspectVault(stored.path, secret), "vault-damaged");
  assert.equal(value(await listVault(stored.path, secret)).entries, all.entries);
  await truncate(stored.path, 60_000);
  failure(await listVault(stored.path, secret), "vault-damaged");
  for (const [entries, format] of [
    [content, "age"],
    [content.slice(0, 2), "v1"],
  ] as const) {
    const tar = normalise(Readable.from([rawTar(entries)]), policy).tar;
    await writeFile(stored.path, value(await sealed(tar, secret, format)));
    const listed = value(await listVault(stored.path, secret));
    assert.is(listed.manifest, undefined);
    assert.is(listed.entries.length, entries.length);
  }
});

test("v1 has no manifest, since its Go reader would unpack it", async () => {
  const folder = await newFolder();
  const stored = value(await sealInto({ ...request(folder, source(...content.slice(0, 2))), format: "v1" }));
  const tar = await drain(value(await openVault(stored.path, secret)).tar);
  assert.equal(
    (await readTar(tar)).map(({ name }) => name),
    ["sub/", "sub/key"],
  );
});

test("files that change while read are read again; files that keep changing are not saved", async () => {
  const folder = await newFolder();
  let reads = 0;
  const changing = (until: number): SealRequest["source"] => {
    reads = 0;
    return () => source({ name: "log", content: `line ${Math.min(++reads, until)}` })();
  };
  const stored = value(await sealInto(request(folder, changing(2))));
  assert.is(reads, 4);
  assert.is(stored.summary.manifest, undefined);
  const before = await readFile(stored.path);
  const refused = failure(await sealInto(request(folder, changing(100))), "save-incomplete");
  assert.match(refused.problems.join(), /changed/);
  assert.is(reads, 6);
  assert.ok((await readFile(stored.path)).equals(before));
  assert.equal((await readdir(folder)).toSorted(), ["vault.tar.aes"]);
  assert.ok(join(folder, "vault.tar.aes") === stored.path);
});

test("a file that does not contain what was sealed replaces nothing, even if it opens", async () => {
  const [folder, elsewhere] = [await newFolder(), await newFolder()];
  const before = value(await sealInto(request(folder, source({ name: "a", content: "good" }))));
  const other = value(await sealInto(request(elsewhere, source({ name: "a", content: "another" }))));
  const swap = (step: string): void => {
    const temp = step === "written" ? readdirSync(folder).find((name) => name.includes(".tmp-")) : undefined;
    if (temp !== undefined) copyFileSync(other.path, join(folder, temp));
  };
  const sealing = sealInto({
    ...request(folder, source({ name: "a", content: "new" })),
    onStep: swap,
  });
  assert.match(failure(await sealing, "vault-damaged").detail, /does not contain what was sealed/);
  assert.is(value(await inspectVault(before.path, secret)).sha256, before.sha256);
});

test("a vault names the versions that this host and the other vault descend from, and a file beside it changes no record", async () => {
  const folder = await newFolder();
  const [ours, theirs] = ["a".repeat(12), "b".repeat(12)];
  value(await changeState(folder, (state) => ({ ...state, lineage: [ours] })));
  const from = { generation: 1, lineage: [theirs] };
  const sealed = value(await sealInto({ ...request(folder, source(...content)), from }));
  const { manifest } = value(await inspectVault(sealed.path, secret)).summary;
  assert.equal(manifest?.lineage, [ours, theirs]);
  const recorded = value(await readState(folder)).state;
  assert.is(recorded.sealed?.sha256, sealed.sha256);
  const target = async () => ok(join(folder, "beside"));
  value(await sealInto({ ...request(folder, source({ name: "x", content: "y" })), target }));
  assert.equal(value(await readState(folder)).state, recorded);
});

test("a save on top of a pull that was killed completes that pull", async () => {
  const folder = await newFolder();
  const pulled = "c".repeat(64);
  const arriving = { remote: "file:///v", sha256: pulled, etag: "e", at: "2026-01-01T00:00:00.000Z" };
  value(await changeState(folder, (state) => ({ ...state, arriving })));
  const parent = { sealed: pulled, content: "d".repeat(64) };
  value(await sealInto({ ...request(folder, source(...content)), from: { generation: 1, parent } }));
  assert.is(value(await readState(folder)).state.pushed?.sha256, pulled);
});

test("a manifest whose list differs from its digest is none", async () => {
  const sealed = value(await sealInto(request(await newFolder(), source(...content))));
  const { manifest } = value(await inspectVault(sealed.path, secret)).summary;
  assert.ok(manifest);
  if (manifest === undefined) return;
  const text = manifestBytes(manifest).toString();
  assert.equal(parseManifest(Buffer.from(text)), manifest);
  for (const [from, to] of [
    ['"mode":"600"', '"mode":"644"'],
    ['"path":"sub/key"', '"path":"sub/other"'],
    ['"target":"sub/key"', '"target":"sub"'],
  ] as const) {
    assert.match(text, from);
    assert.is(parseManifest(Buffer.from(text.replace(from, to))), undefined, to);
  }
});

test.run();
