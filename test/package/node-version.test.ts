// needs: npm, registry
import { readFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { nodeProblem } from "../../lib/host/start.js";
import { newFolder } from "../rig/folder.js";
import { bin, run } from "../rig/host.js";
import { repository } from "../rig/root.js";

const commands: readonly (readonly string[])[] = [
  [bin],
  [bin, "--help"],
  [bin, "--version"],
  [bin, "plan", "enter"],
  [bin, "status", "--short"],
  [`${repository}dist/bin/tasks/pull.js`],
  [`${repository}dist/bin/tasks/unlock.js`, "--help"],
];

for (const major of ["12", "18"]) {
  test(`on Node ${major} every command and step script prints one line with both versions, and exits with 2`, async () => {
    const provided = await run(process.execPath, [`${repository}scripts/provide-node.mjs`, major]);
    assert.is(provided.code, 0, provided.stderr);
    const node = provided.stdout.trim();
    const version = (await run(node, ["--version"])).stdout.trim().slice(1);
    assert.ok(version.startsWith(`${major}.`), version);
    for (const command of commands) {
      const done = await run(node, command, { cwd: await newFolder() });
      const line = `tazpod needs Node.js 20.19 or later, or 22.12 or later; this is Node.js ${version}.\n`;
      assert.equal(done, { code: 2, stdout: "", stderr: line }, command.join(" "));
    }
  });
}

test("the refused Node versions are those that package.json excludes", async () => {
  const { engines } = JSON.parse(await readFile(`${repository}package.json`, "utf8")) as {
    readonly engines: { readonly node: string };
  };
  assert.is(engines.node, "^20.19 || >=22.12");
  for (const good of ["20.19.0", "20.20.2", "22.12.0", "23.0.0", "24.1.0"])
    assert.is(nodeProblem(good), undefined);
  for (const bad of ["12.22.12", "18.20.8", "20.18.3", "21.7.3", "22.11.0"])
    assert.match(nodeProblem(bad) ?? "", bad);
});

test.run();
