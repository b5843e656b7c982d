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

const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: "string" } } });
const [command, a = "", b = ""] = positionals;
const unknown = positionals.filter((name) => !(name in parts));
if (command === "compare" && positionals.length === 3)
  process.stdout.write(compareResults(readResults(a), readResults(b)));
else if (command === "plots" && positionals.length > 1) writePlots(positionals.slice(1).map(readResults));
else if (unknown.length > 0) {
  process.stderr.write(`No part ${unknown.join(", ")}. The parts: ${Object.keys(parts).join(", ")}\n`);
  process.exitCode = 2;
} else process.exitCode = (await bench(positionals, values.json)) ? 0 : 1;
