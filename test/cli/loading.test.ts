import { writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Host, text } from "../rig/host.js";
import { instantRecipe } from "../rig/instant-recipe.js";
import { repository } from "../rig/root.js";
import { checkCounts, loadedBy, tooHigh } from "../rig/start-counts.js";

const heavy = /node_modules\/(@aws-sdk|@smithy|@zxcvbn-ts|ajv)\//;

/** The inputs of each file of the bundle, as esbuild lists them. */
const { outputs } = JSON.parse(await text(`${repository}dist/bundle.json`)) as {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, unknown>> }>>;
};

const home = pathToFileURL(repository).href;

/** Whether a module belongs to a heavy library, or is a bundle file that contains part of one. */
function isHeavy(url: string): boolean {
  const made = outputs[url.slice(home.length)]?.inputs ?? {};
  return [url, ...Object.keys(made)].some((file) => heavy.test(file));
}

/** Returns the names of the files of dist/bin that a command loads. */
async function filesOf(...args: string[]): Promise<string[]> {
  const from = `${home}dist/bin/`;
  // plan exits with 3 without an engine; only the modules loaded until then matter
  const loaded = new Set(await loadedBy(await Host.make({ remote: "none" }), args, [0, 3]));
  return [...loaded]
    .filter((url) => url.startsWith(from))
    .map((url) => url.slice(from.length))
    .toSorted();
}

test("--help loads a single file", async () => {
  assert.equal(await filesOf("--help"), ["tazpod.js"]);
});

for (const args of [["plan", "enter"], ["list"], ["status"], ["pull", "--help"], ["--version"]]) {
  test(`${args.join(" ")} loads the program, and no library that is in a file of its own`, async () => {
    assert.equal(await filesOf(...args), ["load-program.js", "program.js", "tazpod.js"]);
  });
}

test("the program has neither the AWS SDK nor zxcvbn or ajv in it", () => {
  assert.not.ok(isHeavy(`${home}dist/bin/program.js`));
  assert.ok(Object.keys(outputs["dist/bin/program.js"]?.inputs ?? {}).includes("dist/lib/cli/main.js"));
});

test("status --short is a file of its own, which starts no programs", async () => {
  assert.equal(await filesOf("status", "--short"), ["status-short.js", "tazpod.js"]);
  assert.not.ok(isHeavy(`${home}dist/bin/status-short.js`));
  assert.not.match(await text(`${repository}dist/bin/status-short.js`), "child_process");
});

for (const args of [["--help"], ["plan", "enter"], ["status", "--short"]]) {
  test(`${args.join(" ")} loads and starts no more than it did`, async () => {
    const host = await Host.make({ remote: "none" });
    await writeFile(host.path("tazpod.tasks.yaml"), instantRecipe);
    assert.is((await host.tazpod("trust", "--yes")).code, 0);
    await checkCounts(args.join(" "), host, ...args);
  });
}

test("a count that is too high is reported with what it is and by how much", () => {
  const most = { files: 3, kibibytes: 100, modules: 10, programs: 1, streams: 1 };
  assert.equal(tooHigh("list", { ...most, modules: 12, files: 2 }, most), [
    "list: 12 modules, 2 more than 10; if it must be so: npm run counts",
  ]);
  assert.equal(tooHigh("list", most, most), []);
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
