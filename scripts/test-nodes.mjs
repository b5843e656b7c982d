/**
 * `npm run test:nodes [-- VERSION… [PART OF A PATH…]]`: runs the tests on Node 20, 22 and 24, or on the named versions.
 * Exits with 1 if they fail on one of them.
 */
import { spawnSync } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { provideNode } from "./provide-node.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const named = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
const filters = process.argv.slice(2).filter((word) => !/^\d+$/.test(word));
const versions = named.length === 0 ? ["20", "22", "24"] : named;

const results = versions.map((version) => {
  const node = provideNode(version);
  const { stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  process.stdout.write(`\n== Node ${stdout.trim()}\n`);
  const PATH = [dirname(node), process.env.PATH].join(delimiter);
  const done = spawnSync(node, [join(root, "dist/test/run.js"), ...filters], {
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
