import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bareNode, byTurns, grown, linear, measure } from "./rig/measure.js";
import { newProject, type Project } from "./rig/project.js";
import type { Rig } from "./rig/rig.js";
import type { Measured, Row } from "./rig/rows.js";

const counts = [100, 300, 1000, 2000, 3000, 10_000] as const;

/** Measures `plan` of recipes whose tasks are a chain, next to a bare Node. */
export async function* recipes(rig: Rig): AsyncGenerator<Row> {
  let thousand: { ours: Measured; base: Measured } | undefined;
  for (const count of counts) {
    const project = chain(rig, count);
    if (project === undefined) {
      rig.skip(`plan, ${count} tasks in a chain`, "tazpod refuses so large a recipe");
      break;
    }
    const planning = project.tazpod("plan", `t${count - 1}`);
    const found = await byTurns(7, {
      node: () => measure(bareNode(project.root)),
      plan: () => measure(planning),
    });
    const [ours, base] = [found.plan, found.node];
    if (count === 1000) thousand = { ours, base };
    const what = `plan, ${count} tasks in a chain`;
    const target = count === 1000 ? { ms: 500 } : {};
    yield { what, than: "node -e 0", ours, base, target, plot: { name: "plan-number", at: count } };
    if (thousand === undefined || count <= 1000) continue;
    // linear: each thousand tasks more cost what the first did
    const times = count / 1000;
    const line = grown(thousand.base, thousand.ours, times);
    const most = { ratio: linear, bytes: (line.bytes ?? 0) * linear };
    yield { what, than: `node -e 0, and ${times} x 1000 tasks`, ours, base: line, target: most };
  }
}

/**
 * Creates a project with this many tasks, each of which needs what the one before provides; undefined if tazpod refuses
 * a recipe of this size.
 */
function chain(rig: Rig, count: number): Project | undefined {
  const fact = (index: number): string => `  f${index}: {new: true, check: {env: TAZPOD_BENCH_ABSENT}}\n`;
  const task = (index: number): string => {
    const needs = index === 0 ? "" : `needs: [f${index - 1}], `;
    return `  t${index}: {new: true, ${needs}provides: [f${index}], cmds: [["true"]]}\n`;
  };
  const perFile = 1000;
  const files = Array.from({ length: Math.ceil(count / perFile) }, (_, file) => {
    const own = Array.from(
      { length: Math.min(perFile, count - file * perFile) },
      (__, at) => file * perFile + at,
    );
    return `version: 1\nfacts:\n${own.map(fact).join("")}tasks:\n${own.map(task).join("")}`;
  });
  const name = `chain-${count}`;
  const root = rig.newFolder(name);
  for (const [index, text] of files.entries()) writeFileSync(join(root, `part-${index}.yaml`), text);
  const names = files.map((_, index) => `  - part-${index}.yaml\n`);
  try {
    return newProject(rig, name, { recipe: `version: 1\nextends:\n${names.join("")}` });
  } catch (error) {
    if (String(error).includes("too large")) return undefined;
    throw error;
  }
}
