import { createHash } from "node:crypto";
import { link, rename, stat, utimes, writeFile } from "node:fs/promises";
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

test("the hash of a large file is taken from the store, while the file is as it was", async () => {
  const path = join(await newFolder(), "vault");
  const lines: string[] = [];
  const write = async (line: string): Promise<unknown> => lines.push(line);
  const hashed = async (read: string | undefined): Promise<string> =>
    value(await fileHash(path, undefined, "sha256", { read: async () => read, write }));
  const large = "a".repeat(8 * 1024 ** 2);
  const stored = "0".repeat(64);
  let time = 1_700_000_000;
  /** Creates a file that this process has not hashed; returns what a store has before its hash. */
  const create = async (): Promise<string> => {
    await writeFile(`${path}-new`, large);
    // another file may get the same inode
    time += 1;
    await utimes(`${path}-new`, time, time);
    await rename(`${path}-new`, path);
    const { dev, ino } = await stat(path);
    return `sha256 ${dev} ${ino} ${large.length} ${time}000000000 `;
  };
  const none = await create();
  assert.is(await hashed(undefined), sha256(large));
  assert.equal(lines, [`${none}${sha256(large)}\n`]);
  assert.is(await hashed(`${await create()}${stored}\n`), stored);
  for (const damage of ["", "not a hash\n", stored.slice(1, 30)]) {
    assert.is(await hashed(`${await create()}${damage}`), sha256(large), damage);
  }
  const before = await create();
  await utimes(path, time + 1, time + 1);
  assert.is(await hashed(`${before}${stored}\n`), sha256(large));
});

test("a small file is hashed without the store", async () => {
  const path = join(await newFolder(), "vault");
  await writeFile(path, "small");
  await utimes(path, 1_700_000_000, 1_700_000_000);
  const asked = async (): Promise<never> => {
    throw new Error("the store was asked");
  };
  assert.is(value(await fileHash(path, undefined, "sha256", { read: asked, write: asked })), sha256("small"));
});

test("a missing file is a failure", async () => {
  const path = join(await newFolder(), "vault");
  assert.is(failure(await fileHash(path), "file").code, "ENOENT");
});

test.run();
