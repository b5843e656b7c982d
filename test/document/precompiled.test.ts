import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseDocument } from "../../lib/document/parse-yaml.js";
import { fromPrecompiled, type Precompiled, precompiled } from "../../lib/document/precompiled.js";
import type { Path, Schema } from "../../lib/document/schema.js";
import { tasksSchema } from "../../lib/recipe/tasks-schema.js";
import { builtin } from "../../lib/generated/builtin-recipe.js";
import { packageRoot } from "../../lib/host/package-root.js";

/** Allows any value. */
const anything: Schema<unknown> = { validate: (_value): _value is unknown => true, schema: {} };

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

test("a document that was stored as JSON has the values and places of the parsed one", () => {
  const more = `version: 1
x: &x { new: true, cmds: [["true"]] }
tasks:
  a: *x
  b: { <<: *x, desc: 1.10, retries: 0x10, needs: }
  __proto__: { new: true, "desc": 'two
    lines' }
`;
  const parsed = parseDocument({ path: "r", text: more }, anything);
  assert.ok(parsed.ok);
  if (!parsed.ok) return;
  const stored = JSON.parse(JSON.stringify(precompiled(more, parsed.value))) as Precompiled<unknown>;
  const read = fromPrecompiled({ path: "r", text: more }, stored);
  assert.ok(read !== undefined);
  assert.is(JSON.stringify(read?.value), JSON.stringify(parsed.value.value));
  const check = (value: unknown, path: Path): void => {
    for (const part of ["key", "value"] as const)
      for (const at of [path, [...path, "absent"], [...path, 7]])
        assert.equal(read?.span(at, part), parsed.value.span(at, part), `${JSON.stringify(at)} ${part}`);
    if (typeof value !== "object" || value === null) return;
    for (const [key, below] of Object.entries(value))
      check(below, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  check(parsed.value.value, []);
});

test("a number that JSON does not have cannot be stored", () => {
  for (const number of [".inf", "-.inf", ".nan"]) {
    const parsed = parseDocument({ path: "r", text: `a: [${number}]` }, anything);
    assert.ok(parsed.ok);
    if (parsed.ok) assert.throws(() => precompiled("", parsed.value), /JSON has no/);
  }
});

test("a precompiled document is used for its own text only", () => {
  assert.is(fromPrecompiled({ path: "tazpod.tasks.yaml", text: `${text}\n` }, builtin), undefined);
});

test.run();
