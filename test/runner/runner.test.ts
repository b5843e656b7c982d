import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { repository } from "../rig/root.js";
import { type Outcome, runFile } from "./run-file.js";
import { canRunBeside, readSuiteFile, type SuiteFile } from "./suite-file.js";

const test = suite("runner");
const head = `import { suite } from "uvu";\nimport * as assert from "uvu/assert";\nconst test = suite("x");\n`;
const foot = "\ntest.run();\n";

/** Creates a test file with this body, as source and as compiled code. */
async function written(body: string): Promise<SuiteFile> {
  const root = await newFolder();
  await mkdir(join(root, "test"));
  await mkdir(join(root, "dist/test"), { recursive: true });
  await symlink(join(repository, "node_modules"), join(root, "node_modules"));
  await writeFile(join(root, "package.json"), `{"type":"module"}`);
  await writeFile(join(root, "test/a.test.ts"), body);
  await writeFile(join(root, "dist/test/a.test.js"), body);
  const [file] = await readSuiteFile(root, join(root, "test/a.test.ts"));
  if (file === undefined) throw new Error("no suite file");
  return file;
}

async function outcome(body: string): Promise<Outcome> {
  return runFile(await written(body));
}

test("a file whose tests all pass counts them", async () => {
  const { passed, failed, reasons } = await outcome(
    `${head}test("a", () => {}); test("b", () => {});${foot}`,
  );
  assert.equal([passed, failed, reasons], [2, 0, []]);
});

const bad: readonly (readonly [name: string, body: string, reason: RegExp])[] = [
  ["a failing test", `${head}test("a", () => assert.ok(false)); test("b", () => {});${foot}`, /exit 1/],
  [
    "a throwing hook, for which uvu exits 0",
    `${head}test.before(() => { throw new Error("x"); }); test("a", () => {});${foot}`,
    /0 of 1 passed/,
  ],
  ["a file without tests", `${head}${foot}`, /not one test/],
  ["a file without a suite", `export {};\n`, /no totals/],
  ["an early exit", `${head}test("a", () => process.exit(0));${foot}`, /exit 1|no totals/],
  [
    "a process that ends by a signal",
    `${head}test("a", () => process.kill(process.pid, "SIGKILL"));${foot}`,
    /SIGKILL/,
  ],
  [
    "a warning of the process",
    `${head}test("a", () => process.emitWarning("x", "DeprecationWarning", "DEP0005"));${foot}`,
    /warned: \(node:\d+\) \[DEP0005\]/,
  ],
  [
    "a file that is left to the garbage collector",
    `import { open } from "node:fs/promises";\n${head}test("a", async () => { const f = await open("/dev/null"); await f.stat(); });${foot}`,
    /warned: \(node:\d+\) Warning: Closing file descriptor/,
  ],
  [
    "a skip without a reason",
    `${head}test("a", () => {}); test${".skip"}("b", () => {});${foot}`,
    /1 skipped, 0 with a reason/,
  ],
  [
    "a test that does not end",
    `// time limit: 1 s\n${head}test("a", () => new Promise((r) => setTimeout(r, 60000)));${foot}`,
    /not done after 1 s/,
  ],
  [
    "a test that prints without end",
    `${head}test("a", () => new Promise(() => { const go = () => process.stdout.write("x".repeat(99_999), go); go(); }));${foot}`,
    /printed more than 5 million characters/,
  ],
];

for (const [name, body, reason] of bad) {
  test(`fails: ${name}`, async () => {
    const { failed, reasons } = await outcome(body);
    assert.ok(failed > 0);
    assert.match(reasons.join("; "), reason);
  });
}

test("mistakes in the source are found", async () => {
  assert.match((await written(`${head}test${".only"}("a", () => {});${foot}`)).mistakes.join(), /only/);
  assert.match((await written(`${head}test("a", () => {});\n`)).mistakes.join(), /never started/);
  assert.match(
    (await written(`${head}test${".skip"}("a", () => {});${foot}`)).mistakes.join(),
    /without a reason/,
  );
  assert.match((await written("export {};\n")).mistakes.join(), /no uvu suite/);
});

test("the comments at the head say what a file needs, and only those at the head", async () => {
  const file = await written(
    `// needs: docker, s3\n// time limit: 600 s\n// runs alone on: kubernetes\n\n${head}// needs: podman${foot}`,
  );
  assert.equal([file.needs, file.limitMs, file.aloneOn], [["docker", "s3"], 600_000, "kubernetes"]);
});

test("a file that runs alone on a service runs beside those only that do not need it", async () => {
  const file = await written(`// needs: s3, kubernetes\n// runs alone on: kubernetes\n\n${head}${foot}`);
  const beside = async (needs: string): Promise<boolean> => {
    const other = await written(`// needs: ${needs}\n\n${head}${foot}`);
    assert.is(canRunBeside(other, file), canRunBeside(file, other));
    return canRunBeside(file, other);
  };
  assert.equal(
    [await beside("docker, s3"), await beside("kubernetes"), await beside("engine")],
    [true, false, true],
  );
  const engine = process.env["TAZPOD_TEST_ENGINE"];
  process.env["TAZPOD_TEST_ENGINE"] = "kubernetes";
  assert.is(await beside("engine"), false);
  if (engine === undefined) delete process.env["TAZPOD_TEST_ENGINE"];
  else process.env["TAZPOD_TEST_ENGINE"] = engine;
});

test("a file that is to run on each of some servers is a file for each, which needs that one", async () => {
  const root = await newFolder();
  await mkdir(join(root, "test"));
  const source = join(root, "test/a.test.ts");
  await writeFile(source, `// on each of: s3, swift\n// needs: root\n\n${head}${foot}`);
  assert.equal(
    (await readSuiteFile(root, source)).map(({ name, needs, server }) => [name, needs, server]),
    [
      ["test/a.test.ts (s3)", ["root", "s3"], "s3"],
      ["test/a.test.ts (swift)", ["root", "swift"], "swift"],
    ],
  );
  const body = `${head}test("a", () => assert.is(process.env["TAZPOD_TEST_ON"], "swift"));${foot}`;
  assert.equal((await runFile({ ...(await written(body)), server: "swift" })).reasons, []);
});

test("a file gets an empty home and temporary folder, no variables of AWS or tazpod, and leaves nothing behind", async () => {
  process.env["AWS_PROFILE"] = "mine";
  process.env["TAZPOD_PASSPHRASE_FILE"] = "/x";
  const before = await readdir(join(tmpdir()));
  const body = `${head}import { readdirSync, writeFileSync } from "node:fs"; import { homedir, tmpdir } from "node:os";
test("a", () => {
  assert.equal([readdirSync(homedir()), readdirSync(tmpdir())], [[], []]);
  assert.equal(Object.keys(process.env).filter((name) => /^(AWS_|TAZPOD_(?!TEST_|TRUST$))/.test(name)), []);
  writeFileSync(tmpdir() + "/left", "");
});${foot}`;
  assert.equal((await outcome(body)).reasons, []);
  const after = (await readdir(tmpdir())).filter(
    (name) => name.startsWith("tazpod-test-") && !before.includes(name),
  );
  assert.equal(after, []);
});

test("a link to / that a file leaves behind is removed, not followed", async () => {
  const body = `${head}import { symlinkSync } from "node:fs"; import { tmpdir } from "node:os";
test("a", () => symlinkSync("/", tmpdir() + "/root"));${foot}`;
  assert.equal((await outcome(body)).reasons, []);
});

test.run();
