import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FailureKind } from "../../lib/failure/failure.js";
import { Secret } from "../../lib/host/secret.js";
import { sealAge } from "../../lib/vault/age/age.js";
import { headerLength } from "../../lib/vault/age/header.js";
import { normalise } from "../../lib/vault/archive/normalise.js";
import { openVault } from "../../lib/vault/open-vault.js";
import { rawTar } from "../rig/hostile-tar.js";
import { all } from "../rig/seal.js";

const test = suite("damage");
const secret = Secret.fromText("correct horse battery");
// three chunks of 64 KiB, the last one not full; a small work factor, because it is opened thousands of times
const tar = rawTar([
  { name: "key", content: "a key" },
  { name: "random", content: randomBytes(150_000) },
]);
const sealed = await all(sealAge(Readable.from([gzipSync(tar)]), secret, 2));
const header = headerLength(sealed) ?? 0;

/** Returns the failure of opening it completely; undefined on success. */
async function outcome(file: Buffer): Promise<FailureKind | undefined> {
  const opened = await openVault(file, secret);
  if (!opened.ok) return opened.failure.kind;
  const { tar: read, summary } = normalise(opened.value.tar, { limitBytes: 2 ** 24, format: "age" });
  read.resume().on("error", () => undefined);
  const found = await summary;
  return found.ok ? undefined : found.failure.kind;
}

test("a vault truncated at any length up to 4 KiB is damaged, and never crashes, hangs or opens", async () => {
  assert.is(await outcome(sealed), undefined);
  for (let length = 0; length <= 4096; length++)
    assert.is(await outcome(sealed.subarray(0, length)), "vault-damaged", `cut at ${length}`);
});

test("a vault truncated or extended at a chunk boundary is damaged", async () => {
  for (let edge = header + 16; edge < sealed.length; edge += 64 * 1024 + 16) {
    for (const length of [edge - 17, edge - 16, edge - 1, edge, edge + 1, edge + 15, edge + 16, edge + 17])
      assert.is(await outcome(sealed.subarray(0, length)), "vault-damaged", `cut at ${length}`);
  }
  for (const more of [1, 15, 16, 17, 64 * 1024 + 16])
    assert.is(await outcome(Buffer.concat([sealed, Buffer.alloc(more)])), "vault-damaged", `${more} more`);
});

test("a vault with any bit of the header changed does not open", async () => {
  const kinds = new Set<FailureKind | undefined>();
  for (let at = 0; at < header; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      const kind = await outcome(changed);
      assert.ok(kind !== undefined, `byte ${at}, bit ${bit}`);
      kinds.add(kind);
    }
  }
  for (const kind of kinds)
    assert.ok(["vault-damaged", "vault-format", "wrong-passphrase"].includes(kind ?? ""));
});

test("a changed byte anywhere in the content is damage", async () => {
  for (let at = header; at < sealed.length; at += 997) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 0x80;
    assert.is(await outcome(changed), "vault-damaged", `byte ${at}`);
  }
});

test.run();
