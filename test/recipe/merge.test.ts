import { test } from "uvu";
import * as assert from "uvu/assert";
import { load, recipeOf, wordsOf } from "./rig.js";

test("a project changes one field of a task and keeps the others", async () => {
  const unlock = (await recipeOf("tasks: { unlock: { confirm: Open it? } }")).tasks.get("unlock");
  assert.equal(unlock?.confirm, { msg: "Open it?", default: true, onlyFinally: false });
  assert.equal(unlock?.provides, ["open"]);
  assert.equal(unlock?.at, { file: "builtin.yaml", line: 7, column: 3 });
});

test("lists are replaced, or extended by prepend and append", async () => {
  const vpn = "facts: { vpn: { new: true, check: { env: VPN } } }\n";
  assert.equal((await recipeOf(`${vpn}tasks: { unlock: { needs: [vpn] } }`)).tasks.get("unlock")?.needs, [
    "vpn",
  ]);
  assert.equal(
    (await recipeOf(`${vpn}tasks: { unlock: { needs: { prepend: [vpn] } } }`)).tasks.get("unlock")?.needs,
    ["vpn", "here"],
  );
  assert.equal(
    (
      await recipeOf(`${vpn}tasks: { unlock: { needs: { append: [vpn] }, wants: { append: [vpn] } } }`)
    ).tasks.get("unlock")?.needs,
    ["here", "vpn"],
  );
  assert.equal(
    (await recipeOf(`${vpn}tasks: { unlock: { wants: { append: [vpn] } } }`)).tasks.get("unlock")?.wants,
    ["vpn"],
  );
});

test("env and vars merge by name", async () => {
  const recipe = await recipeOf(
    "vars: { port: 8080 }\ntasks: { unlock: { env: { B: '{{port}}' }, vars: { x: y } } }",
  );
  assert.equal(recipe.tasks.get("unlock")?.env, { A: "a", B: "{{port}}" });
  assert.equal(
    recipe.vars.map(({ name, text }) => [name, text]),
    [["port", "8080"]],
  );
  assert.equal((await recipeOf("tasks: { unlock: { env: { A: null } } }")).tasks.get("unlock")?.env, {});
});

test("null removes a field, and a whole entry", async () => {
  const recipe = await recipeOf("tasks: { unlock: { confirm: null }, shell: { finally: null }, lock: null }");
  assert.is(recipe.tasks.get("unlock")?.confirm, undefined);
  assert.is(recipe.tasks.has("lock"), false);
});

test("a check is replaced as a whole", async () => {
  assert.equal((await recipeOf("facts: { here: { check: { env: HERE } } }")).facts.get("here")?.check, {
    kind: "env",
    name: "HERE",
  });
});

test("a name that is still used cannot be removed, and the message has both places", async () => {
  assert.equal(await wordsOf("tasks: { lock: null }"), [
    'builtin.yaml:8:52 the task "lock" is used here, but was removed at tazpod.tasks.yaml:2',
  ]);
});

test("a new entry needs `new: true`", async () => {
  assert.equal(await wordsOf("tasks: { unlokc: { confirm: x } }"), [
    'tazpod.tasks.yaml:2:10 there is no task "unlokc" to change (did you mean "unlock"? A new one needs `new: true`)',
  ]);
  assert.equal(await wordsOf("facts: { vpn: { check: { env: VPN } } }"), [
    'tazpod.tasks.yaml:2:10 there is no fact "vpn" to change (a new one needs `new: true`)',
  ]);
  assert.equal(await wordsOf("goals: { leave: { run: [lock] } }"), [
    'tazpod.tasks.yaml:2:10 there is no goal "leave" to change (a new one needs `new: true`)',
  ]);
});

test("an inherited entry cannot be new", async () => {
  assert.equal(await wordsOf("tasks: { lock: { new: true } }"), [
    'tazpod.tasks.yaml:2:18 the task "lock" is not new: it is defined at builtin.yaml:9 (remove `new` to change that one, or use another name)',
  ]);
});

test("a missing entry cannot be removed", async () => {
  assert.equal(await wordsOf("tasks: { lcok: null }"), [
    'tazpod.tasks.yaml:2:10 there is no task "lcok" to remove (did you mean "lock"?)',
  ]);
});

test("a removed entry can be defined again", async () => {
  const recipe = await load({
    files: {
      "tazpod.tasks.yaml": "version: 1\ntasks: { lock: null }",
      "tazpod.tasks.local.yaml":
        "version: 1\ntasks: { lock: { new: true, clears: [open], cmds: [[close]] } }",
    },
  });
  assert.ok(recipe.ok);
  assert.equal(recipe.ok && recipe.value.tasks.get("lock")?.action, { kind: "cmds", cmds: [["close"]] });
});

test("layers are built-in, extended, project, local; the later wins", async () => {
  const file = (text: string, more = ""): string => `version: 1\n${more}tasks: { make: { desc: ${text} } }\n`;
  const files = {
    "tazpod.tasks.yaml": file("project", "extends: [shared/a.yaml]\n"),
    "shared/a.yaml": file("a", "extends: [../b.yaml]\n"),
    "b.yaml": file("b"),
    "tazpod.tasks.local.yaml": file("local"),
  };
  const loaded = await load({ files });
  assert.equal(loaded.ok && loaded.value.files, [
    "builtin.yaml",
    "/p/b.yaml",
    "/p/shared/a.yaml",
    "/p/tazpod.tasks.yaml",
    "/p/tazpod.tasks.local.yaml",
  ]);
  assert.is(loaded.ok && loaded.value.tasks.get("make")?.desc, "local");
});

test("a file that is extended twice counts once", async () => {
  const files = {
    "tazpod.tasks.yaml": "version: 1\nextends: [a.yaml, b.yaml]",
    "a.yaml": "version: 1\nextends: [c.yaml]",
    "b.yaml": "version: 1\nextends: [c.yaml]",
    "c.yaml": "version: 1\ntasks: { extra: { new: true } }",
  };
  const loaded = await load({ files });
  assert.ok(loaded.ok && loaded.value.files.length === 5);
});

test("files that extend each other are a cycle", async () => {
  const files = {
    "tazpod.tasks.yaml": "version: 1\nextends: [a.yaml]",
    "a.yaml": "version: 1\nextends: [b.yaml]",
    "b.yaml": "version: 1\nextends: [a.yaml]",
  };
  assert.equal(await wordsOf({ files }), ["b.yaml:2:11 a cycle: a.yaml → b.yaml → a.yaml"]);
  assert.equal(
    await wordsOf({ files: { "tazpod.tasks.yaml": "version: 1\nextends: [tazpod.tasks.yaml]" } }),
    ["tazpod.tasks.yaml:2:11 a cycle: tazpod.tasks.yaml → tazpod.tasks.yaml"],
  );
});

test("an extended file that is missing is shown where it is named", async () => {
  assert.equal(await wordsOf("extends: [no.yaml]"), [
    "tazpod.tasks.yaml:2:11 there is no file no.yaml (paths in `extends` are relative to the file that names them)",
  ]);
});

test("without a project's file, the recipe is the built-in one", async () => {
  const loaded = await load({});
  assert.equal(loaded.ok && loaded.value.files, ["builtin.yaml"]);
});

test("a file that cannot be read is its own failure", async () => {
  const { loadRecipe } = await import("../../lib/recipe/load-recipe.js");
  const failure = { kind: "file", action: "read", path: "/p/x", code: "EACCES" } as const;
  const loaded = await loadRecipe({
    builtin: { path: "b", text: "version: 1" },
    root: "/p",
    read: async () => ({ ok: false, failure }),
    knownVars: [],
    builtinScripts: [],
  });
  assert.equal(loaded, { ok: false, failure });
});

test.run();
