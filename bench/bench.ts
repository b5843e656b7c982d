/**
 * `npm run bench [PART…] [-- --json FILE]`: what the project promises about speed, next to other programs that run by
 * turns on the same machine, medians of each. Ends with exit code 1 when a promise is not kept. Parts that need an engine
 * or an S3 server are left out, with a word, where none answers. The run is written to bench-results, or to FILE.
 *
 * `npm run bench compare A.json B.json` prints two runs next to each other, and `npm run bench plots RUN.json…` writes the
 * plots and the table of docs/performance.md.
 */
import { parseArgs } from "node:util";
import { coldEnter, exit, warmEnter } from "./enter.js";
import { growth } from "./growth.js";
import { inPod } from "./kubernetes.js";
import { recipes } from "./recipe.js";
import { writePlots } from "./plots.js";
import { Rig } from "./rig/rig.js";
import { compareResults, readResults, resultsOf, storedRow, writeResults } from "./rig/results.js";
import { cellsOf, type Row, rowTitles, table } from "./rig/rows.js";
import { standalone, startup } from "./start.js";
import { sync } from "./sync.js";
import { sealAndOpen, unlock } from "./vault.js";

const parts: Readonly<Record<string, (rig: Rig) => AsyncIterable<Row>>> = {
  start: startup,
  standalone,
  enter: warmEnter,
  cold: coldEnter,
  exit,
  unlock,
  kubernetes: inPod,
  sync,
  vault: sealAndOpen,
  recipe: recipes,
  growth,
};

/** Measures these parts, or all. A part that fails does not end the others. Returns whether every promise was kept. */
async function bench(wanted: readonly string[], file: string | undefined): Promise<boolean> {
  const rig = new Rig();
  const all = [];
  const failed: string[] = [];
  try {
    for (const [part, rowsOf] of Object.entries(parts)) {
      if (wanted.length > 0 && !wanted.includes(part)) continue;
      const rows: Row[] = [];
      try {
        for await (const row of rowsOf(rig)) {
          process.stderr.write(`measured: ${row.what}\n`);
          rows.push(row);
        }
      } catch (error) {
        process.stderr.write(`${part} failed: ${String(error)}\n`);
        failed.push(part);
      }
      if (rows.length > 0) process.stdout.write(`${table([rowTitles, ...rows.map(cellsOf)])}\n`);
      all.push(...rows.map((row) => storedRow(part, row)));
    }
  } finally {
    rig.end();
  }
  process.stdout.write(`${writeResults(resultsOf(all, rig.skipped, failed), file)}\n`);
  return failed.length === 0 && all.every(({ kept }) => kept);
}

/** Does what the command line asks for; returns the exit code. */
async function main(): Promise<number> {
  const options = { json: { type: "string" } } as const;
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  const [command, ...files] = positionals;
  if (command === "compare") {
    const [a, b] = files;
    if (a === undefined || b === undefined || files.length > 2) throw new Error("compare takes two files");
    process.stdout.write(compareResults(readResults(a), readResults(b)));
    return 0;
  }
  if (command === "plots") {
    if (files.length === 0) throw new Error("plots takes the files of one or more runs");
    writePlots(files.map(readResults));
    return 0;
  }
  const unknown = positionals.filter((name) => !(name in parts));
  if (unknown.length > 0)
    throw new Error(`no part ${unknown.join(", ")}; the parts are ${Object.keys(parts).join(", ")}`);
  return (await bench(positionals, values.json)) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
