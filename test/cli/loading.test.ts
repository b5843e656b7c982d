import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { bin, Host, run, text } from "../rig/host.js";
import { repository } from "../rig/root.js";

const heavy = /node_modules\/(zx|listr2|execa|@aws-sdk|@smithy|ajv|tar-stream)\//;

async function loadedBy(...args: string[]): Promise<string[]> {
  const host = await Host.make({ remote: "none" });
  const log = join(await newFolder(), "modules");
  const hook = `${repository}test/fake/log-modules.mjs`;
  const done = await run(process.execPath, ["--import", hook, bin, ...args], {
    cwd: host.folder,
    env: { TAZPOD_TEST_MODULES: log },
  });
  // plan ends with 3 where no engine answers; what it loaded until then is what counts
  assert.ok([0, 3].includes(done.code), done.stderr);
  return (await text(log)).trim().split("\n");
}

test("--help loads the command table and nothing else of ours", async () => {
  const modules = await loadedBy("--help");
  assert.not.ok(modules.some((url) => heavy.test(url)));
  assert.ok(modules.filter((url) => url.startsWith("file:")).length <= 6, modules.join("\n"));
});

for (const args of [["plan", "enter"], ["list"], ["status"], ["pull", "--help"], ["--version"]]) {
  test(`${args.join(" ")} loads none of zx, listr2, execa, the AWS SDK and ajv`, async () => {
    const modules = await loadedBy(...args);
    assert.equal(
      modules.filter((url) => heavy.test(url)),
      [],
    );
  });
}

test("status --short loads no more than it needs to read a few files, and nothing that starts programs", async () => {
  const modules = await loadedBy("status", "--short");
  assert.not.ok(modules.some((url) => heavy.test(url) || url === "node:child_process"));
  assert.ok(modules.filter((url) => url.startsWith("file:")).length <= 13, modules.join("\n"));
});

test("the hook of this test does see a module that is loaded", async () => {
  const modules = await loadedBy("plan");
  assert.ok(modules.some((url) => url.endsWith("/dist/bin/tazpod.js")));
});

test.run();
