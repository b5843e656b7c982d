// needs: npm, registry
import { lstat, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { type Ended, run, text } from "../rig/host.js";
import { newPackage, npm, pack, runScripts } from "../rig/package.js";
import { repository } from "../rig/root.js";

/** Everything that `npm pack` lists must match one of these, and each of these must match something. */
const expected: readonly RegExp[] = [
  /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|tazpod\.tasks\.yaml|images\/Containerfile)$/,
  /^dist\/bin\/(?:tazpod|program|load-program|status-short)\.js$/,
  /^dist\/bin\/(?:library|step)\.mjs$/,
  /^dist\/bin\/package\.json$/,
  /^dist\/bin\/THIRD-PARTY-NOTICES\.txt$/,
  /^dist\/bin\/tasks\/[a-z-]+\.js$/,
  /^dist\/bin\/libs\/[\w-]+\.mjs$/,
  /^dist\/types\/[\w/-]+\.d\.ts$/,
  /^docs\/[\w-]+\.md$/,
  /^man\/tazpod\.1$/,
  /^schema\/[\w-]+\.schema\.json$/,
];

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(await text(`${repository}package.json`)) as Manifest;
let installed: { readonly folder: string; readonly said: Ended };

test.before(async () => {
  const folder = await newPackage();
  const said = await npm(folder, "install", "--no-audit", "--no-fund", await pack());
  installed = { folder, said };
});

test("npm pack includes the program, its types, schemas and documents, and nothing else", async () => {
  const { stdout } = await npm(repository, "pack", "--dry-run", "--json", "--ignore-scripts");
  const [packed] = JSON.parse(stdout) as [{ readonly files: readonly { readonly path: string }[] }];
  const paths = packed.files.map(({ path }) => path);
  assert.equal(
    paths.filter((path) => !expected.some((pattern) => pattern.test(path))),
    [],
  );
  for (const pattern of expected)
    assert.ok(
      paths.some((path) => pattern.test(path)),
      String(pattern),
    );
  const steps = (await readdir(`${repository}tasks`)).length;
  assert.is(paths.filter((path) => path.startsWith("dist/bin/tasks/")).length, steps);
  // only the declarations of `tazpod` and `tazpod/step`
  assert.ok(paths.filter((path) => path.endsWith(".d.ts")).length <= 40);
});

test("an install from the tarball adds at most 30 packages and 15 MB, and npm prints no warning", async () => {
  const { folder, said } = installed;
  assert.is(said.stderr, "");
  assert.not.match(said.stdout, /warn/i);
  const lock = JSON.parse(await text(join(folder, "node_modules", ".package-lock.json"))) as {
    readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
  };
  assert.ok(Object.keys(lock.packages).length <= 30, Object.keys(lock.packages).join("\n"));
  assert.not.ok(Object.values(lock.packages).some(({ hasInstallScript }) => hasInstallScript));
  assert.ok((await bytesBelow(join(folder, "node_modules"))) <= 15e6);
});

test("a project's scripts run, and load every dependency from where npm installed it", async () => {
  const { folder } = installed;
  const log = join(await newFolder(), "modules");
  // zx's program loads in a separate process, so the hook is passed by the environment
  const env = { NODE_OPTIONS: `--import="${repository}test/fake/log-modules.mjs"`, TAZPOD_TEST_MODULES: log };
  const tazpod = join(folder, "node_modules", ".bin", "tazpod");
  await runScripts(folder, (...args) => run(tazpod, args, { cwd: folder, env }));
  const loaded = (await text(log)).split("\n");
  for (const name of Object.keys(manifest.dependencies)) {
    const home = `file://${folder}/node_modules/${name}/`;
    assert.ok(
      loaded.some((url) => url.startsWith(home)),
      name,
    );
  }
  const elsewhere = loaded.filter(
    (url) => url.includes("/node_modules/") && !url.startsWith(`file://${folder}/`),
  );
  assert.equal(elsewhere, []);
});

test("a project's script type-checks against tazpod/step, including all declarations", async () => {
  const { folder } = installed;
  await writeFile(
    join(folder, "step.mts"),
    `import { type Result, type StepContext, type CheckResult, holds } from "tazpod/step";
export async function run(context: StepContext): Promise<Result<unknown>> {
  const { $ } = context;
  const { stdout } = await $\`echo \${context.vars["project"] ?? ""}\`;
  context.report(stdout);
  return context.container();
}
export const verdict: CheckResult = holds("it does");
`,
  );
  const types = join(repository, "node_modules", "@types");
  const options = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--typeRoots",
    types,
    "--types",
    "node",
  ];
  const tsc = join(repository, "node_modules", ".bin", "tsc");
  const done = await run(tsc, [...options, "step.mts"], { cwd: folder });
  // zx's declarations import those of fs-extra, which zx does not install
  const errors = done.stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("node_modules/zx/"));
  assert.equal(errors, []);
});

test("each schema can be imported by name", async () => {
  const { folder } = installed;
  const names = (await readdir(`${repository}schema`)).filter((name) => name.endsWith(".json"));
  assert.ok(names.length >= 5);
  for (const name of names) {
    const program = `import schema from "tazpod/schema/${name}" with { type: "json" }; process.stdout.write(JSON.stringify(schema));`;
    const done = await run(process.execPath, ["--no-warnings", "--input-type=module", "-e", program], {
      cwd: folder,
    });
    assert.is(done.code, 0, done.stderr);
    assert.equal(JSON.parse(done.stdout), JSON.parse(await readFile(`${repository}schema/${name}`, "utf8")));
  }
});

async function bytesBelow(folder: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(folder, { recursive: true }))
    sum += (await lstat(join(folder, name))).size;
  return sum;
}

test.run();
