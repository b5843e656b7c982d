import { mkdir, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { newFolder } from "./folder.js";
import { type Ended, run, text } from "./host.js";
import { repository } from "./root.js";

/** Runs npm in a folder; its output must not report a failure. */
export async function npm(folder: string, ...args: string[]): Promise<Ended> {
  const done = await run("npm", args, { cwd: folder });
  assert.is(done.code, 0, done.stderr);
  return done;
}

/** Returns the path of the tarball that `npm pack` makes of the present build. */
export async function pack(): Promise<string> {
  const folder = await newFolder("pack");
  // without its script, which would rebuild while other tests run
  const { stdout } = await npm(
    repository,
    "pack",
    "--ignore-scripts",
    "--silent",
    "--pack-destination",
    folder,
  );
  return join(folder, stdout.trim());
}

/** A new folder for a package that depends on the tarball. */
export async function newPackage(): Promise<string> {
  const folder = await newFolder("package");
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  return folder;
}

const recipe = `version: 1
tasks:
  program: { new: true, script: ./program.mjs }
  module: { new: true, script: ./module.mjs }
`;

const program = `const { stdout } = await $\`echo from a program\`;
await fs.writeFile("program.txt", stdout);
`;

const module = `import { writeFile } from "node:fs/promises";
import { fails, holds } from "tazpod/step";
import { chalk } from "zx";
import { quote } from "zx/core";

export async function run(context) {
  const { $ } = context;
  const { stdout } = await $\`pwd && echo \${holds("").state} \${fails("").state} \${typeof chalk.red} \${quote("a b")}\`;
  await writeFile(context.project.root + "/module.txt", stdout);
}
`;

/** Creates a project whose tasks `program` and `module` are scripts. */
async function writeScripts(folder: string): Promise<void> {
  await mkdir(join(folder, ".tazpod"), { recursive: true });
  await writeFile(join(folder, ".tazpod", "config.yaml"), "remote: none\n");
  await writeFile(join(folder, "tazpod.tasks.yaml"), recipe);
  await writeFile(join(folder, "program.mjs"), program);
  await writeFile(join(folder, "module.mjs"), module);
}

/** Runs both tasks of `writeScripts` and checks their effects. `tazpod` runs a command line in the folder. */
export async function runScripts(
  folder: string,
  tazpod: (...args: string[]) => Promise<Ended>,
): Promise<void> {
  await writeScripts(folder);
  for (const name of ["program", "module"]) {
    const done = await tazpod("run", name);
    assert.is(done.code, 0, done.stderr);
  }
  assert.is(await text(join(folder, "program.txt")), "from a program\n");
  assert.is(
    await text(join(folder, "module.txt")),
    `${await realpath(folder)}\ntrue false function $'a b'\n`,
  );
}
