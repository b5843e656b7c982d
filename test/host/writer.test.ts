import { createHash, randomBytes } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Writer } from "../../lib/host/writer.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";

test("chunks of any size are written completely and in order, even across write and sync sizes", async () => {
  const path = join(await newFolder(), "file");
  const writer = new Writer(path, await open(path, "wx"));
  const hash = createHash("sha256");
  let bytes = 0;
  const sizes = [0, 1, 65_536, 1_048_575, 1_048_576, 1_048_577, 17, 3_000_000];
  for (let round = 0; round < 5; round++)
    for (const size of sizes) {
      const piece = randomBytes(size);
      hash.update(piece);
      bytes += size;
      value(await writer.write(piece));
    }
  value(await writer.write("the end"));
  hash.update("the end");
  value(await writer.finish());
  const found = await readFile(path);
  assert.is(found.length, bytes + 7);
  assert.is(createHash("sha256").update(found).digest("hex"), hash.digest("hex"));
});

test("a full disk is reported by a later write, and by each finish", async () => {
  const writer = new Writer("/dev/full", await open("/dev/full", "a"));
  const piece = randomBytes(2_000_000);
  value(await writer.write(piece));
  const told = [await writer.write(piece), await writer.finish(), await writer.finish()];
  for (const result of told) assert.is(failure(result, "file").code, "ENOSPC");
});

test("close drops buffered data, and may be called twice", async () => {
  const path = join(await newFolder(), "file");
  const writer = new Writer(path, await open(path, "wx"));
  value(await writer.write("small"));
  value(await writer.close());
  value(await writer.close());
  assert.is((await readFile(path)).length, 0);
});

test.run();
