import { chmod, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { bin, run, text } from "../rig/host.js";
import { testWith } from "../rig/needing.js";
import { repository } from "../rig/root.js";
import { onTmpfs } from "../rig/tmpfs.js";

const { version } = JSON.parse(await text(`${repository}package.json`)) as { readonly version: string };

/** Runs `tazpod --version` with a cache folder, and checks that it works. */
async function runWith(cache: string): Promise<void> {
  const done = await run(process.execPath, [bin, "--version"], {
    cwd: await newFolder(),
    env: { XDG_CACHE_HOME: cache },
  });
  assert.equal(done, { code: 0, stdout: `${version}\n`, stderr: "" });
}

/** Returns the only file of compiled code in a cache folder. */
async function codeIn(cache: string): Promise<string> {
  const names = await readdir(join(cache, "tazpod", "code"));
  assert.is(names.length, 1, names.join());
  return join(cache, "tazpod", "code", names[0] ?? "");
}

test("the compiled code of a command is kept for the user alone, and used without being written again", async () => {
  const cache = await newFolder("cache");
  await runWith(cache);
  const file = await codeIn(cache);
  assert.is((await stat(file)).mode & 0o777, 0o600);
  assert.is((await stat(join(cache, "tazpod", "code"))).mode & 0o777, 0o700);
  await utimes(file, 1, 1);
  await runWith(cache);
  assert.is((await stat(await codeIn(cache))).mtimeMs, 1000);
});

test("compiled code of another program, cut off or empty, is not used, and is replaced", async () => {
  const cache = await newFolder("cache");
  await runWith(cache);
  const file = await codeIn(cache);
  const good = await readFile(file);
  const other = Buffer.from(good);
  other.write("0".repeat(64), "latin1");
  for (const spoilt of [other, good.subarray(0, good.length >> 1), good.subarray(0, 64), Buffer.alloc(0)]) {
    await writeFile(file, spoilt);
    await runWith(cache);
    const now = await readFile(await codeIn(cache));
    assert.ok(now.length > good.length / 2 && now.subarray(0, 64).equals(good.subarray(0, 64)));
  }
});

test("without a folder that no other user can write, no compiled code is kept, and everything works", async () => {
  const open = await newFolder("open");
  await chmod(open, 0o777);
  for (const cache of [open, join(open, "absent"), "/dev/null", `${repository}package.json`])
    await runWith(cache);
  assert.equal(await readdir(open), []);
});

await testWith(
  test,
  "mount",
  "on a disk that is full or read-only, no compiled code is kept, and everything works",
  async () => {
    const folder = await newFolder("disk");
    await onTmpfs(folder, "1m", async (disk) => {
      await chmod(folder, 0o755);
      await runWith(folder);
      const file = await codeIn(folder);
      await rm(file);
      await disk.fill(100_000);
      await runWith(folder);
      assert.equal(await readdir(dirname(file)), []);
      disk.readOnly();
      await runWith(folder);
      await disk.ease();
      await runWith(folder);
      assert.is(await codeIn(folder), file);
    });
  },
);

test.run();
