import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, run } from "../rig/host.js";

// Recipes and settings that were parsed by an earlier run; lib/host/kept-values.ts.

const recipe = `version: 1
tasks:
  hello: { new: true, desc: Says hello, cmds: [[echo, hello]] }
`;

interface Runs {
  readonly cache: string;
  readonly list: (text?: string) => Promise<Ended>;
  /** The kept documents, by path. */
  readonly kept: () => Promise<readonly string[]>;
}

async function project(cache?: string): Promise<Runs> {
  const [folder, own] = [await newFolder("project"), cache ?? (await newFolder("cache"))];
  await mkdir(join(folder, ".tazpod"));
  await writeFile(join(folder, ".tazpod", "config.yaml"), "container_name: lab\n");
  const documents = join(own, "tazpod", "documents");
  return {
    cache: own,
    async list(text = recipe) {
      await writeFile(join(folder, "tazpod.tasks.yaml"), text);
      return run(process.execPath, [bin, "list"], { cwd: folder, env: { XDG_CACHE_HOME: own } });
    },
    kept: async () => (await readdir(documents)).map((name) => join(documents, name)),
  };
}

test("a document is kept for the user alone, and is not written again while its text is the same", async () => {
  const { list, kept, cache } = await project();
  const first = await list();
  assert.match(first.stdout, /Says hello/);
  const files = await kept();
  assert.is(files.length, 2);
  for (const file of files) {
    assert.is((await stat(file)).mode & 0o777, 0o600);
    await utimes(file, 1, 1);
  }
  assert.is((await stat(join(cache, "tazpod", "documents"))).mode & 0o777, 0o700);
  assert.equal(await list(), first);
  for (const file of await kept()) assert.is((await stat(file)).mtimeMs, 1000);
  const changed = await list(recipe.replace("Says hello", "Greets"));
  assert.match(changed.stdout, /Greets/);
  assert.is((await kept()).length, 3);
});

test("a kept document is used, and its mistakes are shown where they are written", async () => {
  const { list, kept } = await project();
  const wrong = recipe.replace("desc:", "needs: [nothing-like-it], desc:");
  const first = await list(wrong);
  assert.is(first.code, 2);
  assert.match(first.stderr, /tazpod.tasks.yaml:3:31: there is no fact "nothing-like-it"/);
  assert.match(first.stderr, /~{15}/);
  assert.equal(await list(wrong), first);
  for (const file of await kept()) {
    const document = JSON.parse(await readFile(file, "utf8")) as { readonly text: string };
    const other = JSON.stringify(document).replaceAll("nothing-like-it", "from-the-cache");
    await writeFile(file, JSON.stringify({ ...(JSON.parse(other) as object), text: document.text }));
  }
  assert.match((await list(wrong)).stderr, /from-the-cache/);
});

test("a kept document that is cut off, empty or something else is not used, and is replaced", async () => {
  const { list, kept } = await project();
  const first = await list();
  for (const spoil of [
    (text: string) => text.slice(0, 100),
    () => "",
    () => "null",
    () => '{"text":""}',
    () => "[]",
  ]) {
    for (const file of await kept()) await writeFile(file, spoil(await readFile(file, "utf8")));
    assert.equal(await list(), first);
    for (const file of await kept()) assert.ok((await readFile(file, "utf8")).length > 100);
  }
});

test("a recipe with a number that JSON does not have is parsed in each run", async () => {
  const { list, kept } = await project();
  const text = recipe.replace("desc:", "retries: .inf, desc:");
  const first = await list(text);
  assert.equal(await list(text), first);
  assert.is((await kept()).length, 1);
});

test("without a folder that no other user can write, no document is kept", async () => {
  const open = await newFolder("open");
  await chmod(open, 0o777);
  for (const cache of [open, join(open, "absent"), "/dev/null"])
    assert.match((await (await project(cache)).list()).stdout, /Says hello/);
  assert.equal(await readdir(open), []);
});

test.run();
