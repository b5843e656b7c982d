import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { svgOf } from "./rig/plot.js";
import type { Results } from "./rig/results.js";
import { duration, type Measured, memory, type PlotName, targetText, verdict } from "./rig/rows.js";

const page = "docs/performance.md";
const folder = "docs/performance";

const plots: Readonly<Record<PlotName, { readonly title: string; readonly xTitle: string }>> = {
  "unlock-size": { title: "Unlock, by size", xTitle: "MiB of files of 1 MiB" },
  "unlock-number": { title: "Unlock, by number of files", xTitle: "files of 500 bytes" },
  "save-size": { title: "Save after one changed file, by size", xTitle: "MiB of files of 1 MiB" },
  "save-number": { title: "Save after one changed file, by number of files", xTitle: "files of 500 bytes" },
  "push-size": { title: "Push to S3, by size", xTitle: "MiB of the sealed vault" },
  "pull-size": { title: "Pull from S3, by size", xTitle: "MiB of the sealed vault" },
  "plan-number": { title: "Plan, by number of tasks", xTitle: "tasks in a chain" },
};

/**
 * Writes the plots that have points, and the machine, the plots and the rows of runs into docs/performance.md, between its
 * marks. The runs should be of one machine, each of other parts. Run it in the folder of the repository.
 */
export function writePlots(runs: readonly Results[]): void {
  const all = runs.flatMap(({ rows }) => rows);
  mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  for (const [name, { title, xTitle }] of Object.entries(plots)) {
    const rows = all.filter(({ plot }) => plot?.name === name);
    if (rows.length < 2) continue;
    const line = (of: "ours" | "base") => rows.map((row) => ({ x: row.plot?.at ?? 0, y: row[of].ms / 1000 }));
    const svg = svgOf({
      title,
      xTitle,
      yTitle: "seconds",
      lines: [
        { name: "tazpod", points: line("ours") },
        { name: rows[0]?.than ?? "", points: line("base") },
      ],
    });
    writeFileSync(`${folder}/${name}.svg`, svg);
    written.push(`![${title}](performance/${name}.svg)`);
  }
  const text = readFileSync(page, "utf8");
  writeFileSync(
    page,
    withMeasured(text, [runs.map(lineOf).join("\n"), ...written, tableOf(all)].join("\n\n")),
  );
  execFileSync("node_modules/.bin/oxfmt", [page]);
}

/** One line of a list: what a run measured, and where. */
function lineOf({ rows, commit, date, node, cpu, cores, memory: bytes, skipped, failed }: Results): string {
  const parts = [...new Set(rows.map(({ part }) => part))].join(", ");
  const machine = `${cores} cores (${cpu}), ${memory(bytes)} of memory, Node ${node}`;
  const missing = [
    ...(skipped.length === 0 ? [] : [` Not measured: ${skipped.join("; ")}.`]),
    ...(failed.length === 0 ? [] : [` Ended by a failure: ${failed.join(", ")}.`]),
  ];
  return `- ${parts}: commit ${commit}, on ${date.slice(0, 10)}, ${machine}.${missing.join("")}`;
}

function tableOf(rows: Results["rows"]): string {
  const measured = ({ ms, bytes }: Measured): string =>
    bytes === undefined ? duration(ms) : `${duration(ms)}, ${memory(bytes)}`;
  const titles = ["what", "tazpod", "than", "other", "ratio", "target", ""];
  const cells = rows.map((row) => {
    const { what, ours, than, base, target, ratio } = row;
    const others = [measured(ours), than.replaceAll("|", "\\|"), measured(base)];
    return [what, ...others, ratio.toFixed(2), targetText(target), verdict(row)];
  });
  return [titles, titles.map(() => "---"), ...cells].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

function withMeasured(text: string, measured: string): string {
  const [start, end] = ["<!-- measured: written by `npm run bench plots` -->", "<!-- /measured -->"];
  const [before, after] = [text.split(start)[0] ?? "", text.split(end)[1] ?? ""];
  return `${before}${start}\n\n${measured}\n\n${end}${after}`;
}
