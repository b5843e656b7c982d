import { createHash } from "node:crypto";
import { link, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fileHash } from "../../lib/host/file-hash.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";

const test = suite("file hash");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hash = async (path: string): Promise<string> => value(await fileHash(path));

test("a file that was rewritten or renamed has the hash of its present content", async () => {
  const folder = await newFolder();
  const [path, other] = [join(folder, "vault"), join(folder, "other")];
  for (let round = 0; round < 50; round++) {
    await writeFile(path, `a${round % 10}`);
    assert.is(await hash(path), sha256(`a${round % 10}`));
  }
  await utimes(path, 1_700_000_000, 1_700_000_000);
  assert.is(await hash(path), sha256("a9"));
  await writeFile(path, "b9");
  assert.is(await hash(path), sha256("b9"));
  await writeFile(other, "c9");
  await utimes(other, 1_700_000_000, 1_700_000_000);
  assert.is(await hash(other), sha256("c9"));
  await rename(other, path);
  assert.is(await hash(path), sha256("c9"));
});

test("a second link to a hashed file is not read again", async () => {
  const folder = await newFolder();
  const [path, name] = [join(folder, "vault"), join(folder, "name")];
  await writeFile(path, "one");
  await utimes(path, 1_700_000_000, 1_700_000_000);
  assert.is(await hash(path), sha256("one"));
  await link(path, name);
  // sets the same time by hand, which only this test does
  await writeFile(name, "two");
  await utimes(name, 1_700_000_000, 1_700_000_000);
  assert.is(await hash(name), sha256("one"));
});

test("a missing file is a failure", async () => {
  const path = join(await newFolder(), "vault");
  assert.is(failure(await fileHash(path), "file").code, "ENOENT");
});

test.run();
