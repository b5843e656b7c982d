import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { newFolder } from "./folder.js";
import { bin, type Host, run, text } from "./host.js";
import { repository } from "./root.js";

const file = `${repository}test/fixture/start-counts.json`;

/** What a command loads and starts. */
interface Counts {
  /** Files of dist/bin. */
  readonly files: number;
  /** Of JavaScript in these files. */
  readonly kibibytes: number;
  /** Modules of Node that tazpod's code asks for. */
  readonly modules: number;
  /** Programs that tazpod starts. */
  readonly programs: number;
  /** Standard streams that it has Node create. */
  readonly streams: number;
}

/**
 * Returns what test/fake/log-modules.mjs writes of a command: the URLs of all modules that it loads, `program:` for
 * each program that it starts, and `stream:NAME` for each use of a standard stream. Fails if the command ends with
 * another exit code.
 */
export async function loadedBy(
  host: Host,
  args: readonly string[],
  codes: readonly number[] = [0],
): Promise<string[]> {
  const log = join(await newFolder(), "modules");
  const preload = ["--import", `${repository}test/fake/log-modules.mjs`];
  const env = { ...host.env, TAZPOD_TEST_MODULES: log };
  const done = await run(process.execPath, [...preload, bin, ...args], { cwd: host.folder, env });
  assert.ok(codes.includes(done.code), done.stderr);
  return (await text(log)).trim().split("\n");
}

/**
 * Fails if a command loads or starts more than test/fixture/start-counts.json has for it. With
 * TAZPOD_TEST_RENEW_COUNTS, writes what it found there instead.
 */
export async function checkCounts(name: string, host: Host, ...args: readonly string[]): Promise<void> {
  const found = await countsOf(host, args);
  const all = JSON.parse(await text(file)) as Record<string, Counts>;
  if (process.env["TAZPOD_TEST_RENEW_COUNTS"] !== undefined) {
    // smaller changes of the code do not need new numbers
    all[name] = { ...found, kibibytes: 10 * Math.ceil(found.kibibytes / 10) };
    await writeFile(file, `${JSON.stringify(all, undefined, 2)}\n`);
    return;
  }
  const most = all[name];
  if (most === undefined) throw new Error(`${file} has no ${name}: npm run counts`);
  const problems = tooHigh(name, found, most);
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** Returns which counts are higher than allowed, and by how much: a line each. */
export function tooHigh(name: string, found: Counts, most: Counts): string[] {
  return (Object.keys(most) as (keyof Counts)[])
    .filter((key) => found[key] > most[key])
    .map((key) => {
      const more = Number((found[key] - most[key]).toFixed(1));
      return `${name}: ${found[key]} ${key}, ${more} more than ${most[key]}; if it must be so: npm run counts`;
    });
}

async function countsOf(host: Host, args: readonly string[]): Promise<Counts> {
  const lines = await loadedBy(host, args);
  const files = new Set(lines.filter((line) => line.includes("/dist/bin/")));
  const sizes = await Promise.all([...files].map(async (url) => (await stat(fileURLToPath(url))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return {
    files: files.size,
    kibibytes: Number((bytes / 1024).toFixed(1)),
    modules: new Set(lines.filter((line) => line.startsWith("node:"))).size,
    programs: lines.filter((line) => line === "program:").length,
    streams: new Set(lines.filter((line) => line.startsWith("stream:"))).size,
  };
}
