import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FailureKind } from "../../lib/failure/failure.js";
import { Failed, type Result } from "../../lib/failure/result.js";
import { Secret } from "../../lib/host/secret.js";
import { sealAge } from "../../lib/vault/age/age.js";
import { headerLength } from "../../lib/vault/age/header.js";
import { type ArchiveSummary, normalise } from "../../lib/vault/archive/normalise.js";
import { gunzip } from "../../lib/vault/archive/gzip.js";
import { type Manifest, manifestBytes, parseManifest } from "../../lib/vault/archive/manifest.js";
import { openVault } from "../../lib/vault/open-vault.js";
import { sealV1 } from "../../lib/vault/v1.js";
import { pax, type RawEntry, rawTar } from "../rig/hostile-tar.js";
import { mutations, seed } from "../rig/mutate.js";
import { readTar } from "../rig/read-tar.js";
import { value } from "../rig/result.js";
import { all } from "../rig/seal.js";

// A failed run prints its seed; TAZPOD_TEST_SEED=N repeats it.
const test = suite("fuzz");
const secret = Secret.fromText("correct horse battery");
const other = Secret.fromText("another horse");
const limitBytes = 2 ** 24;
const tar = rawTar([
  { name: "sub/", type: "5", mode: 0o750 },
  { name: "sub/key", content: "a key" },
  { name: "random", content: randomBytes(150_000) },
  { name: "link", type: "2", target: "sub/key" },
]);
const files = tar.subarray(0, tar.length - 1536);
const v1Tar = Buffer.concat([files, Buffer.alloc(1024)]);
// a small work factor, because it is opened thousands of times
const sealed = {
  age: await all(sealAge(Readable.from([gzipSync(tar)]), secret, 2)),
  v1: await all(sealV1(Readable.from([gzipSync(v1Tar)]), secret)),
};
const ageHeader = headerLength(sealed.age) ?? 0;

async function readThrough(
  source: Readable,
  format: "v1" | "age",
): Promise<{ bytes: Buffer; summary: Result<ArchiveSummary> }> {
  const { tar: output, summary } = normalise(source, { limitBytes, format });
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of output as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
  }
  return { bytes: Buffer.concat(chunks), summary: await summary };
}

/** Returns the failure of opening it completely; undefined on success. */
async function outcome(file: Buffer, passphrase = secret): Promise<FailureKind | undefined> {
  const opened = await openVault(file, passphrase);
  if (!opened.ok) return opened.failure.kind;
  const { summary } = await readThrough(opened.value.tar, opened.value.format);
  return summary.ok ? undefined : summary.failure.kind;
}

for (const format of ["age", "v1"] as const) {
  const whole = sealed[format];
  test(`${format}: a mutated sealed file is refused, and never crashes, hangs or opens`, async () => {
    assert.is(await outcome(whole), undefined);
    const kinds = new Set<string>();
    const expected = ["vault-damaged", "vault-format", "wrong-passphrase"];
    for (const { bytes, how } of mutations(whole, format === "age" ? 600 : 100)) {
      if (bytes.equals(whole)) continue;
      const kind = await outcome(bytes);
      assert.ok(kind !== undefined && expected.includes(kind), `${kind}: ${how} (seed ${seed})`);
      kinds.add(kind);
    }
    // v1 cannot tell these apart
    assert.ok(kinds.has(format === "age" ? "vault-damaged" : "wrong-passphrase"));
  });
}

test("v1: a vault truncated at any length up to 4 KiB does not open", async () => {
  for (let length = 0; length <= 4096; length++)
    assert.is(
      await outcome(sealed.v1.subarray(0, length)),
      length < 60 ? "vault-damaged" : "wrong-passphrase",
      `cut at ${length}`,
    );
});

test("v1: a vault with a changed byte in head or tag does not open", async () => {
  for (const at of [
    ...Array(44).keys(),
    ...[...Array(16).keys()].map((back) => sealed.v1.length - 1 - back),
  ]) {
    const changed = Buffer.from(sealed.v1);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    assert.is(await outcome(changed), "wrong-passphrase", `byte ${at}`);
  }
});

test("age: a wrong passphrase differs from damage anywhere after the header", async () => {
  assert.is(await outcome(sealed.age, other), "wrong-passphrase");
  for (const at of [ageHeader, ageHeader + 20, sealed.age.length >> 1, sealed.age.length - 1]) {
    const changed = Buffer.from(sealed.age);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    assert.is(await outcome(changed), "vault-damaged");
    assert.is(await outcome(changed, other), "wrong-passphrase");
  }
  // the MAC line follows the key: the passphrase is right, the header is not
  const changed = Buffer.from(sealed.age);
  changed[ageHeader - 10] = changed[ageHeader - 10] === 0x41 ? 0x42 : 0x41;
  assert.is(await outcome(changed), "vault-damaged");
});

test("gzip: mutated content is damage, or an archive that the policy checks", async () => {
  const packed = gzipSync(tar, { level: 9 });
  for (const { bytes, how } of mutations(packed, 250)) {
    const { summary } = await readThrough(gunzip(Readable.from([bytes]), "vault", 2 ** 25), "age");
    const kind = summary.ok ? undefined : summary.failure.kind;
    const expected = ["vault-damaged", "archive-refused", "archive-too-large", undefined];
    assert.ok(expected.includes(kind), `${kind}: ${how} (seed ${seed})`);
  }
});

test("gzip: a bomb, and a replaced member, stop at the limit", async () => {
  const zeros = gzipSync(Buffer.alloc(2 ** 26));
  for (const bomb of [zeros, Buffer.concat(Array.from({ length: 200 }, () => zeros))]) {
    const source = gunzip(Readable.from([bomb]), "vault", 2 ** 22);
    let bytes = 0;
    let failed: unknown;
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) bytes += chunk.length;
    } catch (error) {
      failed = error;
    }
    assert.ok(failed instanceof Failed && failed.failure.kind === "archive-too-large");
    assert.ok(bytes <= 2 ** 22, String(bytes));
  }
});

// mostly accepted entries, since one wrong entry is enough
const seldom = <T>(usual: T, ...other: T[]) =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...other) });
const part = fc.oneof(
  fc.constantFrom("a", "A", "b", "c", "d"),
  seldom("e", "..", ".", ""),
  fc.constantFrom(".tazpod", ".vault_pass", "é", "e\u0301", "\n", "-rf", "*"),
  fc.string({ maxLength: 8 }),
);
const path = fc
  .tuple(seldom(false, true), fc.array(part, { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([root, parts, slash]) => `${root ? "/" : ""}${parts.join("/")}${slash ? "/" : ""}`);
const entry: fc.Arbitrary<RawEntry[]> = fc
  .record({
    name: path,
    how: fc.constantFrom("short", "pax", "gnu", "global"),
    type: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom("0", "0", "5", "2") },
      { weight: 1, arbitrary: fc.constantFrom("\0", "1", "3", "6", "7", "L", "K", "S", "V", "g", "x") },
    ),
    mode: fc.nat(0o7777),
    target: path,
    content: fc.string({ maxLength: 30 }),
    size: seldom(undefined, 0, 1, 511, 512, 513, 8 ** 11 - 1),
  })
  .map(({ name, how, type, mode, target, content, size }) => {
    const raw = {
      name,
      type,
      mode,
      target,
      content: type === "2" || type === "5" ? "" : content,
      ...(size === undefined ? {} : { size }),
    };
    if (how === "short") return [raw];
    const short = { ...raw, name: "short", target: "short" };
    if (how === "gnu") return [{ name: "././@LongLink", type: "L", content: `${name}\0` }, short];
    const records = pax({ path: name, ...(type === "2" ? { linkpath: target } : {}) });
    return [how === "pax" ? records : { ...records, type: "g" }, short];
  });

test("tar: whatever the input, the output is safe to unpack", async () => {
  let passed = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 5 }), fc.boolean(), async (entries, end) => {
      const { bytes, summary } = await readThrough(Readable.from([rawTar(entries.flat(), end)]), "age");
      if (!summary.ok)
        return assert.ok(
          ["archive-refused", "archive-too-large"].includes(summary.failure.kind),
          summary.failure.kind,
        );
      passed++;
      await isSafe(bytes);
      const again = await readThrough(Readable.from([bytes]), "age");
      assert.ok(again.bytes.equals(bytes));
      assert.is(value(again.summary).digest, summary.value.digest);
    }),
    { numRuns: 3000, seed },
  );
  assert.ok(passed > 100, `only ${passed} were let through`);
});

/** Each path is unique, inside, and after its folder; links stay inside; modes have nine bits. */
async function isSafe(bytes: Buffer): Promise<void> {
  const seen = new Map<string, string>();
  for (const { name, type, mode, target } of await readTar(bytes)) {
    const plain = name.endsWith("/") ? name.slice(0, -1) : name;
    const parts = plain.split("/");
    assert.ok(["file", "directory", "symlink"].includes(type), type);
    assert.ok(!parts.some((word) => ["", ".", ".."].includes(word)) && !/\0/.test(name), name);
    assert.ok(parts[0] !== ".tazpod" && (plain !== ".vault_pass" || type === "directory"), name);
    assert.not.ok(seen.has(plain), `${name} twice`);
    if (parts.length > 1) assert.is(seen.get(parts.slice(0, -1).join("/")), "directory", name);
    assert.is(mode & ~0o777, 0, name);
    seen.set(plain, type);
    if (type !== "symlink") continue;
    const ups = (target ?? "").split("/").filter((word) => word === "..").length;
    assert.ok(target !== null && !target.startsWith("/") && ups < parts.length, `${name} -> ${target}`);
  }
}

const digestLine = fc.record(
  {
    path: fc.anything(),
    type: fc.anything(),
    mode: fc.anything(),
    mtime: fc.anything(),
    size: fc.anything(),
    sha256: fc.anything(),
    target: fc.anything(),
  },
  { requiredKeys: [] },
);

test("manifest: any JSON is parsed or rejected without a crash", () => {
  const shape = fc.record(
    { version: fc.constant(1), entries: fc.array(fc.oneof(digestLine, fc.anything())), digest: fc.string() },
    { requiredKeys: ["version"] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.json(), shape.map(toJson), fc.string()), (text) => {
      assert.is(parseManifest(Buffer.from(text)), undefined);
    }),
    { numRuns: 1000, seed },
  );
});

function toJson(shape: unknown): string {
  return JSON.stringify(shape, (_key, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
}

test("manifest: a mutated one is ignored or matches the archive", async () => {
  const whole = value((await readThrough(Readable.from([tar]), "age")).summary);
  const good: Manifest = {
    version: 1,
    generation: 3,
    host: "host",
    time: "2026-01-01T00:00:00.000Z",
    digest: whole.digest,
    entries: whole.entries,
  };
  const bytes = manifestBytes(good);
  assert.equal(parseManifest(bytes)?.entries, whole.entries);
  for (const { bytes: changed, how } of mutations(bytes, 500)) {
    const content = rawTar([{ name: ".tazpod/manifest.json", content: changed }], false);
    const { summary } = await readThrough(Readable.from([content, tar]), "age");
    const { manifest } = value(summary);
    if (manifest !== undefined) assert.is(manifest.digest, whole.digest, `${how} (seed ${seed})`);
    for (const line of manifest?.entries ?? [])
      assert.ok(
        Number.isSafeInteger(line.entry.size) && !Number.isNaN(new Date(line.entry.mtime * 1000).getTime()),
        how,
      );
  }
});

test.run();
