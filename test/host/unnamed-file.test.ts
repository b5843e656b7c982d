import { readdir } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { writeUnnamed } from "../../lib/host/unnamed-file.js";
import { newFolder } from "../rig/folder.js";
import { value } from "../rig/result.js";

async function* pieces(count: number): AsyncGenerator<Buffer> {
  for (let n = 0; n < count; n++) yield Buffer.from(`${n}\n`.padStart(1000));
}

test("it has no name, and can be read again and in part until it is closed", async () => {
  const folder = await newFolder();
  const file = value(await writeUnnamed(folder, pieces(1000)));
  assert.equal(await readdir(folder), []);
  assert.is(file.size, 1_000_000);
  const left = file.read();
  for await (const _ of left) break;
  left.destroy();
  const [one, other] = await Promise.all([text(file.read()), text(file.read())]);
  assert.is(one.length, 1_000_000);
  assert.is(one, other);
  await file.close();
});

test("an error of what is written leaves nothing", async () => {
  const folder = await newFolder();
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from("x");
    throw new Error("broken");
  }
  try {
    await writeUnnamed(folder, broken());
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), "broken");
  }
  assert.equal(await readdir(folder), []);
});

test.run();
