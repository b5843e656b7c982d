import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseDocument } from "../../lib/document/parse-yaml.js";
import { fromPrecompiled } from "../../lib/document/precompiled.js";
import { tasksSchema } from "../../lib/recipe/tasks-schema.js";
import { builtin } from "../../lib/generated/builtin-recipe.js";
import { packageRoot } from "../../lib/host/package-root.js";

const text = readFileSync(join(packageRoot, "tazpod.tasks.yaml"), "utf8");
const source = { path: "tazpod.tasks.yaml", text };

test("the precompiled built-in recipe equals the parsed one, including places", () => {
  const ahead = fromPrecompiled(source, builtin);
  const now = parseDocument(source, tasksSchema);
  assert.ok(ahead !== undefined && now.ok);
  if (ahead === undefined || !now.ok) return;
  assert.equal(ahead.value, now.value.value);
  for (const path of [
    [],
    ["version"],
    ["tasks", "shell", "wants", 1],
    ["tasks", "shell", "finally", 0, "task"],
    ["facts", "vault-local", "nowhere"],
  ]) {
    for (const part of ["key", "value"] as const)
      assert.equal(ahead.problem(path, "here", { part }), now.value.problem(path, "here", { part }));
  }
});

test("a precompiled document is used for its own text only", () => {
  assert.is(fromPrecompiled({ path: "tazpod.tasks.yaml", text: `${text}\n` }, builtin), undefined);
});

test.run();
