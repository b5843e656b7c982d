import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { projectState } from "../lib/host/project-state.js";
import { bareNode, byTurns, type Command, MiB, time } from "./rig/measure.js";
import { newProject } from "./rig/project.js";
import type { Rig } from "./rig/rig.js";
import type { Row } from "./rig/rows.js";
import { instantRecipe } from "../test/rig/instant-recipe.js";

/** Node 20 has no compile cache. */
const planTarget = Number(process.versions.node.split(".")[0]) >= 22 ? 1.4 : 1.6;

/** Measures what each command pays before it does anything, next to a bare Node. */
export async function* startup(rig: Rig): AsyncGenerator<Row> {
  const project = newProject(rig, "plan", { recipe: instantRecipe });
  const prompt = pushedAndOpen(rig);
  const found = await byTurns(21, {
    node: () => time(bareNode(project.root)),
    help: () => time(project.tazpod("--help")),
    plan: () => time(project.tazpod("plan", "enter")),
    prompt: () => time(prompt),
  });
  const than = "node -e 0";
  const base = found.node;
  yield { what: "tazpod --help", than, ours: found.help, base, target: { ratio: 1.4 } };
  const plan = "tazpod plan enter, instant checks";
  yield { what: plan, than, ours: found.plan, base, target: { ratio: planTarget } };
  yield { what: "tazpod status --short", than, ours: found.prompt, base, target: { moreMs: 60 } };
}

/** Measures the same of the standalone executable, next to the program run by Node. */
export async function* standalone(rig: Rig): AsyncGenerator<Row> {
  const executable = fileURLToPath(new URL("../standalone/tazpod", import.meta.url));
  if (!existsSync(executable)) {
    rig.skip("the standalone executable", "it is not built: npm run standalone");
    return;
  }
  const project = newProject(rig, "standalone", { recipe: instantRecipe });
  for (const args of [["--help"], ["plan", "enter"]]) {
    const found = await byTurns(21, {
      node: () => time(bareNode(project.root)),
      byNode: () => time(project.tazpod(...args)),
      alone: () => time({ ...project.tazpod(), argv: [executable, ...args] }),
    });
    const what = `standalone ${args.join(" ")}`;
    yield { what, than: "the same by node", ours: found.alone, base: found.byNode, target: { ratio: 1 } };
    yield { what, than: "node -e 0", ours: found.alone, base: found.node, target: { ratio: 1.2 } };
  }
}

/** `status --short` in a project whose vault was pushed and is open. */
function pushedAndOpen(rig: Rig): Command {
  const { root, tazpod } = newProject(rig, "prompt", {});
  const vault = join(root, ".tazpod", "vault");
  mkdirSync(vault);
  const sealed = randomBytes(MiB);
  writeFileSync(join(vault, "vault.tar.aes"), sealed);
  const sha256 = createHash("sha256").update(sealed).digest("hex");
  const pushed = { remote: "file:///nowhere", sha256, etag: sha256, at: "2026-01-01T00:00:00.000Z" };
  const state = projectState(vault);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  writeFileSync(join(state, "state.json"), JSON.stringify({ version: 1, pushed }));
  writeFileSync(join(state, "open.json"), "{}");
  return tazpod("status", "--short");
}
