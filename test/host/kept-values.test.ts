import { existsSync } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { CodeKey } from "../../lib/host/compiled-code.js";
import { keptValues } from "../../lib/host/kept-values.js";
import { newFolder } from "../rig/folder.js";

// In the package, the program's script has its hash; test/cli/kept-documents.test.ts runs that.
const code: { -readonly [K in keyof CodeKey]: CodeKey[K] } = { hash: "a".repeat(64), name: "plan" };
Object.assign(globalThis, { programCode: code });

const documents = async (): Promise<string> => {
  const cache = await newFolder("cache");
  process.env["XDG_CACHE_HOME"] = cache;
  return join(cache, "tazpod", "documents");
};

test("what was made of a text is kept for the same text, kind and program, and for the user alone", async () => {
  const folder = await documents();
  const { isUnusual } = code;
  assert.is(isUnusual, undefined);
  keptValues.keep("recipe", "one", () => ({ made: 1 }));
  assert.is(code.isUnusual, true);
  assert.equal(keptValues.get("recipe", "one"), { made: 1 });
  assert.is(keptValues.get("recipe", "two"), undefined);
  assert.is(keptValues.get("config", "one"), undefined);
  code.hash = "b".repeat(64);
  assert.is(keptValues.get("recipe", "one"), undefined);
  const names = await readdir(folder);
  assert.is(names.length, 1);
  assert.is((await stat(join(folder, names[0] ?? ""))).mode & 0o777, 0o600);
  assert.is((await stat(folder)).mode & 0o777, 0o700);
});

test("what cannot be made is not kept", async () => {
  const folder = await documents();
  keptValues.keep("recipe", "one", () => {
    throw new RangeError("no");
  });
  assert.is(keptValues.get("recipe", "one"), undefined);
  assert.not.ok(existsSync(folder));
});

test("with 200 values the cache starts afresh", async () => {
  const folder = await documents();
  await mkdir(folder, { recursive: true });
  for (let count = 0; count < 199; count += 1) await writeFile(join(folder, String(count)), "{}");
  keptValues.keep("recipe", "one", () => 1);
  assert.is((await readdir(folder)).length, 200);
  keptValues.keep("recipe", "two", () => 2);
  assert.is((await readdir(folder)).length, 1);
  assert.is(keptValues.get("recipe", "two"), 2);
});

test.run();
