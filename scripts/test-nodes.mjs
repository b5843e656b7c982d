/**
 * `npm run test:nodes [-- VERSION… [PART OF A PATH…]]`: the tests on Node 20, 22 and 24, or on those that are named, in turn.
 * Each Node comes from the npm registry (the packages node-PLATFORM-ARCH hold nothing but its program) and is kept in
 * node_modules/.cache/nodes. Ends with 1 if the tests fail on one of them.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const named = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
const filters = process.argv.slice(2).filter((word) => !/^\d+$/.test(word));
const versions = named.length === 0 ? ["20", "22", "24"] : named;

const results = versions.map((version) => {
  const folder = provide(version);
  const { stdout } = spawnSync(join(folder, "node"), ["--version"], { encoding: "utf8" });
  process.stdout.write(`\n== Node ${stdout.trim()}\n`);
  const PATH = [folder, process.env.PATH].join(delimiter);
  const done = spawnSync(join(folder, "node"), [join(root, "dist/test/run.js"), ...filters], {
    cwd: root,
    env: { ...process.env, PATH },
    stdio: "inherit",
  });
  return { version: stdout.trim(), good: done.status === 0 };
});

process.stdout.write(
  `\n${results.map(({ version, good }) => `${version}: ${good ? "good" : "FAILED"}`).join(", ")}\n`,
);
process.exitCode = results.every(({ good }) => good) ? 0 : 1;

/** The folder of the newest Node of a major version. */
function provide(version) {
  const name = `node-${process.platform}-${process.arch}`;
  const home = join(root, "node_modules/.cache/nodes", version);
  const folder = join(home, "node_modules", name, "bin");
  if (existsSync(join(folder, "node"))) return folder;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), '{ "private": true }\n');
  const argv = ["install", "--no-save", "--no-package-lock", "--silent", `${name}@${version}`];
  const done = spawnSync("npm", argv, { cwd: home, stdio: ["ignore", "inherit", "inherit"] });
  if (done.status !== 0) throw new Error(`${name}@${version} could not be installed`);
  return folder;
}
