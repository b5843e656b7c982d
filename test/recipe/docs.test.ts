import { builtinVars } from "../../lib/session/services.js";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { builtinScripts } from "../../lib/run/scripts.js";
import { packageRoot } from "../../lib/host/package-root.js";
import { loadRecipe } from "../../lib/recipe/load-recipe.js";
import type { Recipe } from "../../lib/recipe/recipe.js";
import { planOf, stepsOf } from "../plan/rig.js";

const guide = readFileSync(join(packageRoot, "docs", "recipes.md"), "utf8");
const readme = readFileSync(join(packageRoot, "README.md"), "utf8");
const yamlIn = (text: string): string[] =>
  [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
/** What the guide has below its worked examples, which test/real runs. */
const [, smaller = ""] = /^### Smaller changes$([^]*?)^## /m.exec(guide) ?? [];
const examples = yamlIn(smaller);
const builtin = {
  path: "tazpod.tasks.yaml",
  text: readFileSync(join(packageRoot, "tazpod.tasks.yaml"), "utf8"),
};

async function load(text: string): Promise<Recipe> {
  const files: Readonly<Record<string, string>> = {
    "/p/tazpod.tasks.yaml": text,
    "/p/shared/vpn.yaml": yamlIn(guide)[0] ?? "",
    "/p/shared/prompts.yaml": examples[0] ?? "",
    "/p/tasks/kubeconfig.mjs": "",
    "/p/node_modules/@acme/steps/tazpod.tasks.yaml": "version: 1",
  };
  const loaded = await loadRecipe({
    builtin,
    root: "/p",
    read: async (path) => ({ ok: true, value: files[path] }),
    knownVars: builtinVars,
    builtinScripts,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure, undefined, 2));
  return loaded.value;
}

const up = { "parts-open": true, workspace: true, project: true, container: true, "container-current": true };

test("every example of the guide and of the README is a recipe", async () => {
  assert.is(examples.length, 8);
  for (const example of [...examples, ...yamlIn(readme)]) await load(example);
});

test("the guide's question replaces the built-in one", async () => {
  assert.equal((await load(examples[0] ?? "")).tasks.get("unlock")?.confirm, {
    msg: "Open the vault of {{container}}?",
    default: false,
    onlyFinally: false,
  });
  assert.is((await load(examples[1] ?? "")).tasks.get("unlock")?.confirm, undefined);
});

test("without the guide's removed step, an empty remote blocks the vault instead of making one", async () => {
  const plan = planOf(await load(examples[2] ?? ""), "shell", { ...up, session: true });
  assert.is(stepsOf(plan), "shell");
  assert.is(plan.blocked[0]?.failure.kind, "unmet-fact");
});

test("the guide's own script is wanted by the shell, after the vault", async () => {
  assert.is(
    stepsOf(planOf(await load(examples[3] ?? ""), "shell", { ...up, "vault-local": true })),
    "passphrase, unlock, kubeconfig, shell",
  );
});

test("the guide's arguments fill a command", async () => {
  const task = (await load(examples[4] ?? "")).tasks.get("deploy");
  assert.equal(
    [...(task?.args ?? []), ...(task?.vars ?? [])].map(({ name }) => name),
    ["service", "options", "env"],
  );
});

test("the guide's smoke test uses what the preview prints", async () => {
  assert.is(stepsOf(planOf(await load(examples[5] ?? ""), "smoke", {})), "preview, smoke");
});

test("both of the guide's shared recipes are used", async () => {
  const recipe = await load(examples[6] ?? "");
  assert.ok(recipe.tasks.has("vpn-up"));
  assert.is(recipe.tasks.get("unlock")?.confirm?.default, false);
});

test("the guide's recipe with a prefix is used by that name", async () => {
  const recipe = await load(examples[7] ?? "");
  assert.equal(recipe.tasks.get("vpn:vpn-up")?.provides, ["vpn:vpn"]);
  assert.is(recipe.tasks.get("vpn:vpn-up")?.silent, true);
  assert.ok(recipe.tasks.get("login")?.needs.includes("vpn:vpn"));
});

test.run();
