import { join } from "node:path";
import { pathToFileURL } from "node:url";
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

/** Returns the URLs of what a command loads, but for program.js, which is no module. */
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
  return [...new Set((await text(log)).trim().split("\n"))].filter((url) => url !== pathToFileURL(hook).href);
}

/** Returns the names of the files of dist/bin that a command loads. */
async function filesOf(...args: string[]): Promise<string[]> {
  const from = `file://${repository}dist/bin/`;
  const loaded = await loadedBy(...args);
  return loaded.filter((url) => url.startsWith(from)).map((url) => url.slice(from.length));
}

test("--help loads a single file", async () => {
  assert.equal(await filesOf("--help"), ["tazpod.js"]);
});

for (const args of [["plan", "enter"], ["list"], ["status"], ["pull", "--help"], ["--version"]]) {
  test(`${args.join(" ")} loads the program, and no library that is in a file of its own`, async () => {
    assert.equal(await filesOf(...args), ["tazpod.js", "load-program.js"]);
  });
}

test("the program has none of zx, listr2, execa, the AWS SDK and ajv in it", () => {
  assert.not.ok(isHeavy(`file://${repository}dist/bin/program.js`));
  assert.ok(Object.keys(outputs["dist/bin/program.js"]?.inputs ?? {}).includes("dist/lib/cli/main.js"));
});

test("status --short is a file of its own, which starts no programs", async () => {
  assert.equal(await filesOf("status", "--short"), ["tazpod.js", "status-short.js"]);
  assert.not.ok(isHeavy(`file://${repository}dist/bin/status-short.js`));
  assert.not.match(await text(`${repository}dist/bin/status-short.js`), "child_process");
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

test.run();
