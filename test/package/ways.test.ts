// needs: npm, registry
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { type Ended, run, text } from "../rig/host.js";
import { newPackage, npm, pack, runScripts } from "../rig/package.js";
import { repository } from "../rig/root.js";

const { version } = JSON.parse(await text(`${repository}package.json`)) as { readonly version: string };
let tarball: string;

test.before(async () => {
  tarball = await pack();
});

test("after a global install, tazpod and npx tazpod run in any folder, and so do a project's scripts", async () => {
  const prefix = await newFolder("prefix");
  const npmEnv = { npm_config_prefix: prefix };
  const done = await run("npm", ["install", "--global", tarball], { cwd: prefix, env: npmEnv });
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stderr, "");

  const folder = await newFolder("anywhere");
  const env = { ...npmEnv, PATH: [join(prefix, "bin"), process.env["PATH"]].join(delimiter) };
  assert.equal(await run("tazpod", ["--version"], { cwd: folder, env }), said(`${version}\n`));
  // --offline: must use the installed one, not the registry's
  assert.equal(
    await run("npx", ["--offline", "tazpod", "--version"], { cwd: folder, env }),
    said(`${version}\n`),
  );
  await runScripts(folder, (...args) => run("tazpod", args, { cwd: folder, env }));
});

test("as a devDependency, npx tazpod runs the project's version, and its scripts import that version's modules", async () => {
  const folder = await newPackage();
  const done = await npm(folder, "install", "--save-dev", tarball);
  assert.is(done.stderr, "");
  const tazpod = (...args: string[]): Promise<Ended> =>
    run("npx", ["--offline", "tazpod", ...args], { cwd: folder });
  assert.equal(await tazpod("--version"), said(`${version}\n`));
  await runScripts(folder, tazpod);

  const step = join(folder, "node_modules", "tazpod", "dist", "bin", "step.mjs");
  await writeFile(step, `${await text(step)}\nexport const own = "the project's own";\n`);
  await writeFile(
    join(folder, "program.mjs"),
    'import { own } from "tazpod/step";\nawait fs.writeFile("own", own);\n',
  );
  assert.is((await tazpod("run", "program")).code, 0);
  assert.is(await text(join(folder, "own")), "the project's own");
});

const said = (stdout: string): Ended => ({ code: 0, stdout, stderr: "" });

test.run();
