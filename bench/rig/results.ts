import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname } from "node:path";
import { isRecord, parseJson } from "../../lib/host/json.js";
import { duration, isKept, memory, ratioOf, type Row, table } from "./rows.js";

/** One run of the bench. */
export interface Results {
  /** The commit, followed by `-changed` if files differed from it. */
  readonly commit: string;
  readonly date: string;
  /** The version, and whether each Node reads additional certificates at its start, which takes as long as the rest of it. */
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  /** Of the machine, in bytes. */
  readonly memory: number;
  /** What was not measured, and why. */
  readonly skipped: readonly string[];
  /** The parts that ended before their last row. */
  readonly failed: readonly string[];
  readonly rows: readonly StoredRow[];
}

interface StoredRow extends Row {
  readonly part: string;
  /** Our time divided by the other's. */
  readonly ratio: number;
  readonly kept: boolean;
}

export function storedRow(part: string, row: Row): StoredRow {
  return { part, ...row, ratio: ratioOf(row), kept: isKept(row) };
}

export function resultsOf(
  rows: readonly StoredRow[],
  skipped: readonly string[],
  failed: readonly string[],
): Results {
  const [cpu] = cpus();
  return {
    commit: commit(),
    date: new Date().toISOString(),
    node: `${process.version}${process.env["NODE_EXTRA_CA_CERTS"] ? " with NODE_EXTRA_CA_CERTS" : ""}`,
    cpu: cpu?.model ?? "unknown",
    cores: cpus().length,
    memory: totalmem(),
    skipped,
    failed,
    rows,
  };
}

function commit(): string {
  const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8", stdio: "pipe" });
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
    return `${git("rev-parse", "--short=10", "HEAD").trim()}${changed ? "-changed" : ""}`;
  } catch {
    return "unknown";
  }
}

/** Writes a run to a file, by default `bench-results/DATE-COMMIT.json`; returns its path. */
export function writeResults(results: Results, file: string | undefined): string {
  const moment = results.date.slice(0, 19).replaceAll(":", "");
  const path = file ?? `bench-results/${moment}-${results.commit}.json`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`);
  return path;
}

/** Reads a run that `writeResults` wrote. Throws if the file is none. */
export function readResults(file: string): Results {
  const found = parseJson(readFileSync(file, "utf8"));
  if (!isRecord(found) || !Array.isArray(found["rows"]))
    throw new Error(`${file} is no run that \`npm run bench\` wrote`);
  return found as unknown as Results;
}

/** Returns two runs next to each other: every row that either has. */
export function compareResults(a: Results, b: Results): string {
  const key = ({ part, what, than }: StoredRow): string => [part, what, than].join("\0");
  const [inA, inB] = [a, b].map(({ rows }) => new Map(rows.map((row) => [key(row), row])));
  const lines = [...new Set([...a.rows, ...b.rows].map(key))].map((name) => {
    const [before, after] = [inA?.get(name), inB?.get(name)];
    const { what = "", than = "" } = before ?? after ?? {};
    const change = before && after ? `${(after.ours.ms / before.ours.ms).toFixed(2)} x` : "";
    const cells = [before, after].map((row) => (row === undefined ? ["", "", ""] : comparedCells(row)));
    const zipped = [0, 1, 2].flatMap((index) => cells.map((cell) => cell[index] ?? ""));
    return [what, than, ...zipped, change];
  });
  const pair = (name: string): string[] => [`${name} A`, `${name} B`];
  const titles = ["what", "than", ...pair("median"), ...pair("ratio"), ...pair("memory"), "B / A"];
  const head = [a, b].map(({ commit, date, node, cores }, index) =>
    [`${"AB"[index]}:`, commit, date, `Node ${node},`, `${cores} cores`].join(" "),
  );
  return `${head.join("\n")}\n\n${table([titles, ...lines])}`;
}

function comparedCells(row: StoredRow): string[] {
  const missed = row.kept ? "" : " MISSED";
  return [duration(row.ours.ms), `${row.ratio.toFixed(2)} x${missed}`, memory(row.ours.bytes)];
}
