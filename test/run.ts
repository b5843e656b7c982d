/**
 * The test runner: `node dist/test/run.js [PART OF A PATH…]`, or the parts in TAZPOD_TEST_PARTS, separated by commas.
 *
 * One process a file, two at a time (or as many as TAZPOD_TEST_JOBS says), each with a time limit and surroundings of its own. uvu lets a throwing hook,
 * a forgotten `.run()` and an empty file pass; here only a file that exits 0 with all of its tests passed counts.
 * What a file needs and this machine lacks makes it a skip with the reason, or a failure where
 * TAZPOD_TEST_REQUIRE=docker,s3 names it. The last line is `N passed, N failed, N skipped`; a file that is
 * skipped whole counts as one.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { engineOf } from "./runner/engine.js";
import { killAll, type Outcome, runFile } from "./runner/run-file.js";
import { missing } from "./runner/services.js";
import { canRunBeside, readSuiteFile, type SuiteFile } from "./runner/suite-file.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const required = new Set((process.env["TAZPOD_TEST_REQUIRE"] ?? "").split(",").map((word) => word.trim()));
const filters =
  process.argv.length > 2
    ? process.argv.slice(2)
    : (process.env["TAZPOD_TEST_PARTS"] ?? "").split(",").filter((part) => part !== "");
const jobs = Number(process.env["TAZPOD_TEST_JOBS"] ?? 2);
const total = { passed: 0, failed: 0, skipped: 0 };

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    killAll();
    process.exit(130);
  });
}

// Whoever reads our output may stop reading; the exit code still counts.
process.stdout.on("error", () => undefined);
const files = await findFiles();
if (files.length === 0) {
  total.failed++;
  say(
    filters.length === 0 ? "There is no test file." : `No test file has ${filters.join(" or ")} in its path.`,
  );
}
await runAll(files);
say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

async function findFiles(): Promise<SuiteFile[]> {
  const names = await readdir(join(root, "test"), { recursive: true });
  const sources = names.filter((name) => name.endsWith(".test.ts")).map((name) => join("test", name));
  const files = await Promise.all(sources.toSorted().map((name) => readSuiteFile(root, join(root, name))));
  return files
    .flat()
    .filter(({ name }) => filters.length === 0 || filters.some((filter) => name.includes(filter)));
}

/** Those that need something for themselves come first, while there is much else to run beside them. */
async function runAll(all: readonly SuiteFile[]): Promise<void> {
  const waiting = all.toSorted((a, b) => Number(a.aloneOn === undefined) - Number(b.aloneOn === undefined));
  const running = new Map<SuiteFile, Promise<unknown>>();
  const next = (): SuiteFile | undefined => {
    const at = waiting.findIndex((file) => [...running.keys()].every((other) => canRunBeside(file, other)));
    return at < 0 ? undefined : waiting.splice(at, 1)[0];
  };
  while (waiting.length + running.size > 0) {
    const file = running.size < jobs ? next() : undefined;
    if (file === undefined) await Promise.race(running.values());
    else
      running.set(
        file,
        runOne(file).finally(() => running.delete(file)),
      );
  }
}

async function runOne(file: SuiteFile): Promise<void> {
  const mistakes = existsSync(file.script) ? file.mistakes : ["not compiled: run `npm run build`"];
  if (mistakes.length > 0) return refuse(file, mistakes);
  const engine = await engineOf(file.needs);
  for (const need of file.needs.map((word) => (word === "engine" ? (engine ?? word) : word))) {
    const reason = await missing(need);
    if (reason === undefined) continue;
    if (required.has(need)) return refuse(file, [`needs ${need}, which is required: ${reason}`]);
    total.skipped++;
    return say(`skip  ${file.name}: ${reason}`);
  }
  report(file, await runFile(file, engine));
}

function refuse(file: SuiteFile, reasons: readonly string[]): void {
  total.failed++;
  say(`FAIL  ${file.name}: ${reasons.join("; ")}`);
}

function report(file: SuiteFile, outcome: Outcome): void {
  total.passed += outcome.passed;
  total.failed += outcome.failed;
  total.skipped += outcome.skipped;
  const seconds = `${(outcome.ms / 1000).toFixed(1)} s`;
  if (outcome.reasons.length > 0) {
    say(`FAIL  ${file.name} (${seconds}): ${outcome.reasons.join("; ")}`);
    say(outcome.output.replace(/^/gm, "      ").trimEnd());
    return;
  }
  say(`ok    ${file.name} (${outcome.passed}, ${seconds})`);
  for (const skip of outcome.skips) say(`      skip  ${skip}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
