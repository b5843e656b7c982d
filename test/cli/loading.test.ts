import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { bin, Host, run, text } from "../rig/host.js";
import { repository } from "../rig/root.js";

const heavy = /node_modules\/(zx|listr2|execa|@aws-sdk|@smithy|ajv|tar-stream)\//;

/** The inputs of each file of the bundle, as esbuild lists them. */
const { outputs } = JSON.parse(await text(`${repository}dist/bundle.json`)) as {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, unknown>> }>>;
};

/** Whether a module belongs to a heavy library, or is a bundle file that contains part of one. */
function isHeavy(url: string): boolean {
  const made = outputs[url.slice(`file://${repository}`.length)]?.inputs ?? {};
  return [url, ...Object.keys(made)].some((file) => heavy.test(file));
}

async function loadedBy(...args: string[]): Promise<string[]> {
  const host = await Host.make({ remote: "none" });
  const log = join(await newFolder(), "modules");
  const hook = `${repository}test/fake/log-modules.mjs`;
  const done = await run(process.execPath, ["--import", hook, bin, ...args], {
    cwd: host.folder,
    env: { TAZPOD_TEST_MODULES: log },
  });
  // plan exits with 3 without an engine; only the modules loaded until then matter
  assert.ok([0, 3].includes(done.code), done.stderr);
  return (await text(log)).trim().split("\n");
}

test("--help loads only the command table", async () => {
  const modules = await loadedBy("--help");
  assert.not.ok(modules.some(isHeavy));
  assert.ok(modules.filter((url) => url.startsWith("file:")).length <= 6, modules.join("\n"));
});

for (const args of [["plan", "enter"], ["list"], ["status"], ["pull", "--help"], ["--version"]]) {
  test(`${args.join(" ")} loads none of zx, listr2, execa, the AWS SDK and ajv`, async () => {
    const modules = await loadedBy(...args);
    assert.equal(modules.filter(isHeavy), []);
  });
}

test("status --short loads at most three of tazpod's files, and nothing that starts programs", async () => {
  const modules = await loadedBy("status", "--short");
  assert.not.ok(modules.some(isHeavy));
  const own = modules.filter((url) => url.startsWith("file:"));
  for (const url of own) assert.not.match(await text(fileURLToPath(url)), "node:child_process");
  assert.ok(own.length <= 3, own.join("\n"));
});

test("plan loads few files, since reading many small files is slower than compiling a large one", async () => {
  const files = (await loadedBy("plan", "enter")).filter((url) => url.includes("/dist/bin/"));
  assert.ok(files.length <= 20, files.join("\n"));
});

test("the bundle's list of inputs names the libraries", () => {
  for (const name of ["listr2", "execa", "@aws-sdk/client-s3", "tar-stream"]) {
    const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
    assert.ok(
      inputs.some((file) => file.startsWith(`node_modules/${name}/`)),
      name,
    );
  }
});

test("the hook of these tests detects a loaded module", async () => {
  const modules = await loadedBy("plan");
  assert.ok(modules.some((url) => url.endsWith("/dist/bin/tazpod.js")));
});

test.run();
