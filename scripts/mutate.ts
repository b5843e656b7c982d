/**
 * `npm run mutate [-- PART… ] [-- --jobs=N]`: puts the faults of test/mutations into copies of the repository, one at a
 * time, and tells by room which of them the closest tests noticed. PART is a part of a path of lib/. Exits with 1 if one
 * was not noticed. The copies are in a temporary folder; the repository is only read.
 */
import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild-wasm";
import { type Mutation, mutated, readMutations } from "./mutations.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** What tests read of the repository. */
const copied = ["dist", "docs", "images", "lib", "schema", "scripts", "tasks", "test", "package.json"];
const topFiles = ["tazpod.tasks.yaml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"];
/** A fault may make a test wait: it has several times as long as without it, and at least this long, in ms. */
const [patience, leastMs] = [4, 30_000];

const parts = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const jobs = Number(process.argv.find((word) => word.startsWith("--jobs="))?.slice("--jobs=".length) ?? 2);
const chosen = readMutations().filter(
  ({ file }) => parts.length === 0 || parts.some((part) => file.includes(part)),
);
// all texts are there before anything takes time
for (const mutation of chosen) mutated(mutation);

const top = mkdtempSync(join(tmpdir(), "tazpod-mutate-"));
chmodSync(top, 0o755);
const running = new Set<number>();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => {
    for (const pid of running) endGroup(pid, "SIGTERM");
    rmSync(top, { recursive: true, force: true });
    process.exit(130);
  });

const noticed = new Set<Mutation>();
const queue = [...chosen];
/** How long each test file takes without a fault, in ms. */
const usual = new Map<string, Promise<number>>();
try {
  await Promise.all(Array.from({ length: jobs }, (_, index) => work(join(top, String(index)))));
} finally {
  rmSync(top, { recursive: true, force: true });
}
report();

async function work(copy: string): Promise<void> {
  makeCopy(copy);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const by = await notice(copy, next);
    if (by !== undefined) noticed.add(next);
    say(`${by === undefined ? "NOT NOTICED" : "noticed"}  ${next.file}: ${next.fault} (${by ?? next.at})`);
  }
}

/** Copies the repository; its programs run from the single files, since a bundle would have to be made for each fault. */
function makeCopy(copy: string): void {
  for (const name of [...copied, ...topFiles])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const modules = {
    "lib/cli/load-program.js": `import * as program from "./program.js";
export const loadProgram = () => program;`,
    "bin/load-program.js": `const call = (name) => async (...args) => (await import("../lib/cli/program.js"))[name](...args);
const names = ["main", "startStep", "loadProject", "library"];
exports.loadProgram = () => Object.fromEntries(names.map((name) => [name, call(name)]));`,
    "bin/status-short.js": `exports.shortStatus = async () => (await import("../lib/cli/status-short.js")).shortStatus();`,
    "bin/step.mjs": `export * from "../lib/session/step.js";`,
  };
  for (const [name, code] of Object.entries(modules)) writeFileSync(join(copy, "dist", name), `${code}\n`);
}

/** Returns the test file that noticed the fault, and how; undefined if none did. */
async function notice(copy: string, mutation: Mutation): Promise<string | undefined> {
  const compiled = join(copy, "dist", mutation.file.replace(/\.ts$/, ".js"));
  const whole = readFileSync(compiled);
  for (const test of mutation.tests) {
    if (!usual.has(test)) usual.set(test, usualTime(copy, test));
    const limit = Math.max(leastMs, patience * ((await usual.get(test)) ?? 0));
    const { code } = await transform(mutated(mutation), { loader: "ts", target: "es2023" });
    writeFileSync(compiled, code);
    const failure = await runTest(copy, test, limit);
    writeFileSync(compiled, whole);
    if (failure !== undefined) return `${test}: ${failure}`;
  }
  return undefined;
}

async function usualTime(copy: string, test: string): Promise<number> {
  const started = performance.now();
  const failure = await runTest(copy, test, 600_000);
  if (failure !== undefined) throw new Error(`${test} fails without a fault: ${failure}`);
  return performance.now() - started;
}

/** Runs a test file; returns the line that says that it failed. */
function runTest(copy: string, test: string, limit: number): Promise<string | undefined> {
  const child = spawn(process.execPath, ["dist/test/run.js", test], {
    cwd: copy,
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  const { pid = 0 } = child;
  running.add(pid);
  let [late, output] = [false, ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  // told to end, it ends what its tests started
  const timer = setTimeout(() => {
    late = true;
    endGroup(pid, "SIGTERM");
  }, limit);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      running.delete(pid);
      const reason = /^ +FAIL +(.+)$/m.exec(output)?.[1] ?? output.trimEnd().split("\n").at(-1) ?? "";
      // what is skipped would notice nothing
      const isGood = code === 0 && !reason.startsWith("0 passed");
      resolve(late ? `not done after ${limit / 1000} s` : isGood ? undefined : reason);
    });
  });
}

function endGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // it has ended
  }
}

function report(): void {
  const roomOf = ({ file }: Mutation): string => file.split("/").slice(0, 2).join("/");
  const count = (of: readonly Mutation[]): string =>
    `${of.filter((one) => noticed.has(one)).length} of ${of.length}`;
  for (const room of new Set(chosen.map(roomOf)))
    say(`${room}: ${count(chosen.filter((one) => roomOf(one) === room))}`);
  say(`${count(chosen)} noticed`);
  process.exitCode = noticed.size === chosen.length ? 0 : 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
