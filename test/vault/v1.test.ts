import { execFileSync } from "node:child_process";
import { createDecipheriv, createHash, pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type ArchiveSummary, normalise } from "../../lib/vault/archive/normalise.js";
import { detectFormat } from "../../lib/vault/vault-format.js";
import { openVault } from "../../lib/vault/open-vault.js";
import { openV1, type SealedSource, sealV1 } from "../../lib/vault/v1.js";
import type { Result } from "../../lib/failure/result.js";
import { Secret } from "../../lib/host/secret.js";
import { receiveWork } from "../../lib/host/work-meter.js";
import { rawTar } from "../rig/hostile-tar.js";
import { drain, readTar, type ReadEntry } from "../rig/read-tar.js";
import { failure, value } from "../rig/result.js";
import { fixture } from "../rig/root.js";
import { all, sealed as sealVault } from "../rig/seal.js";

const test = suite("v1");
const policy = { limitBytes: 63 * 1024 * 1024, format: "v1" } as const;
const secret = (): Secret => Secret.fromText("correct horse battery");
const vectors = readFileSync(fixture("vectors-v1", "passphrases.tsv"), "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => line.split("\t"))
  .map(([name = "", passphrase = ""]) => ({ name, passphrase }));

async function contents(sealed: Buffer, passphrase: string): Promise<ReadEntry[]> {
  const opened = value(await openVault(sealed, Secret.fromText(passphrase)));
  const { tar, summary } = normalise(opened.tar, policy);
  const entries = await readTar(await drain(tar));
  value(await summary);
  return entries;
}

function lines(vector: string, kind: "modes" | "sha256"): string[] {
  return readFileSync(fixture("vectors-v1", `${vector}.${kind}`), "utf8")
    .split("\n")
    .filter(Boolean)
    .toSorted();
}

for (const { name, passphrase } of vectors) {
  const sealed = readFileSync(fixture("vectors-v1", `${name}.tar.aes`));

  test(`a vault the Go program sealed opens with every name, mode and byte: ${name}`, async () => {
    const files = (await contents(sealed, passphrase)).filter((entry) => entry.type === "file");
    const sums = files.map(
      (file) => `${createHash("sha256").update(file.content).digest("hex")}  ./${file.name}`,
    );
    const modes = files.map((file) => `${file.mode.toString(8)} ${file.name}`);
    assert.equal(sums.toSorted(), lines(name, "sha256"));
    assert.equal(modes.toSorted(), lines(name, "modes"));
  });

  test(`resealed, it opens with an independent implementation of the format: ${name}`, async () => {
    const opened = value(await openVault(sealed, Secret.fromText(passphrase)));
    const ours = value(await sealVault(normalise(opened.tar, policy).tar, Secret.fromText(passphrase), "v1"));
    const tar = gunzipSync(openByHand(ours, passphrase));
    const entries = await readTar(tar);
    const files = entries.filter((entry) => entry.type === "file");
    assert.equal(
      files
        .map((file) => `${createHash("sha256").update(file.content).digest("hex")}  ./${file.name}`)
        .toSorted(),
      lines(name, "sha256"),
    );
    for (const [index, entry] of entries.entries()) {
      assert.ok(entry.type === "file" || entry.type === "directory");
      const parent = entry.name.replace(/\/$/, "").split("/").slice(0, -1).join("/");
      if (parent !== "")
        assert.ok(
          entries.slice(0, index).some((earlier) => earlier.name === `${parent}/`),
          `${parent} before ${entry.name}`,
        );
    }
    assert.not.ok(tar.includes("PaxHeader"));
    const listed = execFileSync("tar", ["-tf", "-"], {
      input: tar,
      encoding: "utf8",
      env: { LC_ALL: "C.UTF-8", PATH: process.env["PATH"] },
    });
    assert.is(listed.split("\n").filter((line) => line !== "" && !line.endsWith("/")).length, files.length);
  });
}

/** An independent implementation of the Go tazpod's steps. */
function openByHand(sealed: Buffer, passphrase: string): Buffer {
  const key = pbkdf2Sync(passphrase, sealed.subarray(0, 32), 100_000, 32, "sha256");
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(32, 44), { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(44, -16)), decipher.final()]);
}

test("the passphrase's bytes are used without trimming or normalising", async () => {
  const sealed = readFileSync(fixture("vectors-v1", "names.tar.aes"));
  const right = vectors.find((vector) => vector.name === "names")?.passphrase ?? "";
  for (const wrong of [right.trim(), right.normalize("NFD"), right.toUpperCase(), `${right}\n`, ""]) {
    failure(await openVault(sealed, Secret.fromText(wrong)), "wrong-passphrase");
  }
  const decomposed = Secret.fromText(right.normalize("NFD"));
  const ours = value(await sealVault(normalise(Readable.from([rawTar([])]), policy).tar, decomposed, "v1"));
  failure(await openVault(ours, Secret.fromText(right)), "wrong-passphrase");
});

const changed = (): Error => new Error("changed");

/** A source that gives different bytes in its first and second reading. */
function twice(first: Buffer, second: Buffer): SealedSource {
  let reads = 0;
  return { bytes: first.length, read: () => Readable.from([reads++ === 0 ? first : second]) };
}

test("a file changed after its tag was checked gives no changed content", async () => {
  const content = Buffer.alloc(600_000, "content ");
  const sealed = await all(sealV1(Readable.from([content]), secret()));
  // the second block begins at the last of these
  for (const at of [0, 40, 100, 300_000, sealed.length - 17, 44 + 256 * 1024]) {
    const other = Buffer.from(sealed);
    other[at] = (other[at] ?? 0) ^ 1;
    for (const second of [other, sealed.subarray(0, at), Buffer.alloc(0)]) {
      const opened = await openV1(twice(sealed, second), secret(), changed);
      let given = Buffer.alloc(0);
      let error: unknown;
      try {
        for await (const piece of opened?.plain ?? []) given = Buffer.concat([given, piece]);
      } catch (thrown) {
        error = thrown;
      }
      assert.match(String(error), "changed");
      assert.ok(given.equals(content.subarray(0, given.length)));
    }
  }
  // and one that is shortened before that, or extended
  for (const first of [sealed.subarray(0, 20), sealed.subarray(0, 70), Buffer.concat([sealed, sealed])])
    assert.is(await openV1({ ...twice(first, first), bytes: sealed.length }, secret(), changed), undefined);
});

test("any content and passphrase round-trips", async () => {
  const bytes = fc.uint8Array({ maxLength: 5000 });
  await fc.assert(
    fc.asyncProperty(bytes, fc.uint8Array({ minLength: 1, maxLength: 200 }), async (content, passphrase) => {
      const word = (): Secret => Secret.of(Buffer.from(passphrase));
      const sealed = await all(sealV1(Readable.from([Buffer.from(content)]), word()));
      assert.is(sealed.length, 60 + content.length);
      const opened = await openV1(twice(sealed, sealed), word(), changed);
      assert.ok(opened !== undefined && (await all(opened.plain)).equals(content));
    }),
    { numRuns: 25 },
  );
});

test("opening reports the bytes of the sealed file, of each time it is read", async () => {
  const shown: string[] = [];
  for (const [format, readings] of [
    ["age", 1],
    ["v1", 2],
  ] as const) {
    const bytes = value(await sealVault(Readable.from([rawTar([])]), secret(), format));
    shown.length = 0;
    await receiveWork(
      ({ what, done, total }) => void shown.push(`${what} ${done} of ${total}`),
      async () => drain(value(await openVault(bytes, secret(), { doing: "verified" })).tar),
    );
    assert.equal(shown, Array(readings).fill(`verified ${bytes.length} of ${bytes.length}`));
  }
});

test("sealing the same content twice shares no salt, nonce or body", async () => {
  const one = await all(sealV1(Readable.from([Buffer.alloc(64)]), secret()));
  const two = await all(sealV1(Readable.from([Buffer.alloc(64)]), secret()));
  assert.not.ok(one.subarray(0, 32).equals(two.subarray(0, 32)));
  assert.not.ok(one.subarray(32, 44).equals(two.subarray(32, 44)));
  assert.not.ok(one.subarray(44).equals(two.subarray(44)));
});

test("with any bit flipped it does not open", async () => {
  const sealed = readFileSync(fixture("vectors-v1", "empty.tar.aes"));
  for (let at = 0; at < sealed.length; at++) {
    const flipped = Buffer.from(sealed);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    failure(await openVault(flipped, Secret.fromText("x")), "wrong-passphrase");
  }
});

test("truncated at any length it is damaged or does not open, without output", async () => {
  const sealed = readFileSync(fixture("vectors-v1", "empty.tar.aes"));
  for (let length = 0; length < sealed.length; length++) {
    const result = await openVault(sealed.subarray(0, length), Secret.fromText("x"));
    failure(result, length < 60 ? "vault-damaged" : "wrong-passphrase");
  }
  failure(
    await openVault(Buffer.concat([sealed, Buffer.alloc(1)]), Secret.fromText("x")),
    "wrong-passphrase",
  );
});

test("a valid tag around content that is not gzip is a damaged vault", async () => {
  const sealed = await all(sealV1(Readable.from([Buffer.from("this is not gzip")]), secret()));
  const opened = value(await openVault(sealed, secret()));
  failure(await readThrough(opened.tar), "vault-damaged");
});

test("a small file that decompresses beyond the limit stops there", async () => {
  const bomb = value(await sealVault(Readable.from([Buffer.alloc(8 * 1024 * 1024)]), secret(), "v1"));
  const opened = value(await openVault(bomb, secret(), { maxBytes: 1024 * 1024 }));
  assert.is(failure(await readThrough(opened.tar), "archive-too-large").limit, 1024 * 1024);
});

function readThrough(source: Readable): Promise<Result<ArchiveSummary>> {
  const { tar, summary } = normalise(source, policy);
  tar.resume().on("error", () => undefined);
  return summary;
}

test("an empty passphrase seals nothing", async () => {
  failure(await sealVault(Readable.from([rawTar([])]), Secret.fromText(""), "v1"), "passphrase-unusable");
});

test("a failure in the archive is the failure of sealing", async () => {
  const { tar } = normalise(Readable.from([rawTar([{ name: "../up", content: "x" }])]), policy);
  failure(await sealVault(tar, secret(), "v1"), "archive-refused");
});

test("a web page or another text is no vault, however long it is", () => {
  const page = Buffer.from(`<!doctype html><html><body>Log in</body></html>${" ".repeat(400)}`);
  const text = Buffer.from("just some notes, and nothing of a vault in them. ".repeat(9));
  for (const head of [page, text]) assert.is(detectFormat(head.subarray(0, 64)), undefined);
});

test("age files are recognised by their first line", () => {
  const age = Buffer.from(`age-encryption.org/v1\n-> scrypt c2FsdA 18\n${"x".repeat(100)}`);
  assert.is(detectFormat(age), "age");
  assert.is(detectFormat(Buffer.alloc(60)), "v1");
  assert.is(detectFormat(Buffer.alloc(59)), undefined);
});

test.run();
