/**
 * `node scripts/provide-node.mjs VERSION` prints the path of a Node of that version. It comes from the npm registry (the
 * packages node-PLATFORM-ARCH hold nothing but its program) and is kept in node_modules/.cache/nodes.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cache = fileURLToPath(new URL("../node_modules/.cache/nodes", import.meta.url));

/** Returns the path of the newest Node of a major version. */
export function provideNode(version) {
  const name = `node-${process.platform}-${process.arch}`;
  const home = join(cache, version);
  const node = join(home, "node_modules", name, "bin/node");
  if (existsSync(node)) return node;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), '{ "private": true }\n');
  const argv = ["install", "--no-save", "--no-package-lock", "--silent", `${name}@${version}`];
  const done = spawnSync("npm", argv, { cwd: home, stdio: ["ignore", "ignore", "inherit"] });
  if (done.status !== 0) throw new Error(`${name}@${version} could not be installed`);
  return node;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(`${provideNode(process.argv[2])}\n`);
