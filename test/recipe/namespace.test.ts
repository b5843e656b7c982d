import { test } from "uvu";
import * as assert from "uvu/assert";
import { recipeOf, wordsOf } from "./rig.js";

// `extends` with a prefix and with packages, and keys for YAML anchors.

const vpn = `version: 1
facts:
  up: { new: true, requires: [here], check: { command: [vpn] } }
  blocked: { new: true, check: { env: BLOCKED } }
tasks:
  up: { new: true, aliases: [u], provides: [up], finally: [{ task: down, unless: blocked }], cmds: [[vpn, up]] }
  down: { new: true, clears: [up], cmds: [[vpn, down]] }
  unlock: { needs: { append: [up] } }
goals: { on: { new: true, run: [up, make] } }
`;

test("what a recipe defines gets the prefix, where it stands and where it is used; what it changes keeps its name", async () => {
  const recipe = await recipeOf(
    "extends: [{ recipe: x/vpn.yaml, as: home }, { recipe: x/vpn.yaml, as: work }]\ntasks: { shell: { needs: { append: [work:up] } } }",
    { "x/vpn.yaml": vpn },
  );
  for (const name of ["home", "work"]) {
    const up = recipe.tasks.get(`${name}:up`);
    assert.equal([up?.provides, up?.aliases], [[`${name}:up`], [`${name}:u`]]);
    assert.equal(up?.finally, [{ task: `${name}:down`, unless: `${name}:blocked` }]);
    assert.equal(recipe.facts.get(`${name}:up`)?.requires, ["here"]);
    assert.equal(recipe.goals.get(`${name}:on`)?.run, [`${name}:up`, "make"]);
  }
  assert.is(recipe.tasks.has("up"), false);
  assert.equal(recipe.tasks.get("unlock")?.needs, ["here", "home:up", "work:up"]);
  assert.equal(recipe.tasks.get("shell")?.needs, ["here", "work:up"]);
});

test("prefixes add up, and a project changes a task by its full name", async () => {
  const recipe = await recipeOf(
    'extends: [{ recipe: a.yaml, as: a }]\ntasks: { "a:b:down": { desc: Mine } }',
    { "a.yaml": "version: 1\nextends: [{ recipe: vpn.yaml, as: b }]\n", "vpn.yaml": vpn },
  );
  assert.is(recipe.tasks.get("a:b:down")?.desc, "Mine");
  assert.equal(
    await wordsOf({
      files: {
        "tazpod.tasks.yaml":
          "version: 1\nextends: [{ recipe: vpn.yaml, as: vpn }]\ntasks: { shell: { needs: [vpn:upp] } }",
        "vpn.yaml": vpn,
      },
    }),
    ['tazpod.tasks.yaml:3:27 there is no fact "vpn:upp" (did you mean "vpn:up"?)'],
  );
});

test("a recipe that extends another with a prefix uses and changes what that defines, also under a prefix of its own", async () => {
  const files = {
    "a.yaml": `version: 1
extends: [{ recipe: vpn.yaml, as: b }]
tasks:
  go: { new: true, needs: ["b:up"], finally: ["b:down"], cmds: [[echo, go]] }
  b:up: { desc: Mine }
`,
    "vpn.yaml": vpn,
  };
  for (const [extension, prefix] of [
    ["a.yaml", ""],
    ["{ recipe: a.yaml, as: a }", "a:"],
  ] as const) {
    const { tasks } = await recipeOf(`extends: [${extension}]`, files);
    const go = tasks.get(`${prefix}go`);
    assert.equal([go?.needs, go?.finally], [[`${prefix}b:up`], [{ task: `${prefix}b:down` }]]);
    assert.is(tasks.get(`${prefix}b:up`)?.desc, "Mine");
  }
});

test("a script of a recipe with a prefix exports its check under the name that the recipe says", async () => {
  const recipe = await recipeOf("extends: [{ recipe: f.yaml, as: x }]", {
    "f.yaml": "version: 1\nfacts: { ready: { new: true, check: { script: ./s.mjs } } }\n",
    "s.mjs": "export const checks = {};\n",
  });
  const { check } = recipe.facts.get("x:ready") ?? {};
  assert.is(check?.kind === "script" ? check.check : undefined, "ready");
});

test("a recipe of a package is the one in the project's node_modules, with paths relative to it", async () => {
  const recipe = await recipeOf('extends: [{ package: "@acme/steps", as: acme }]', {
    "node_modules/@acme/steps/tazpod.tasks.yaml":
      "version: 1\ntasks: { go: { new: true, script: ./go.mjs } }\n",
    "node_modules/@acme/steps/go.mjs": "1;\n",
  });
  assert.equal(recipe.tasks.get("acme:go")?.action, {
    kind: "script",
    script: { kind: "file", file: "/p/node_modules/@acme/steps/go.mjs" },
  });
  assert.equal(await wordsOf('extends: [{ package: "@acme/stepz" }]'), [
    "tazpod.tasks.yaml:2:11 there is no file node_modules/@acme/stepz/tazpod.tasks.yaml (install the package: npm install @acme/stepz)",
  ]);
  assert.equal(await wordsOf("extends: [{ package: ../x }]"), [
    'tazpod.tasks.yaml:2:22 expected the name of an npm package, found "../x"',
  ]);
  assert.equal(await wordsOf("extends: [{ package: a, recipe: b }, { as: c }]"), [
    "tazpod.tasks.yaml:2:11 expected either `recipe` or `package`, and not both",
    "tazpod.tasks.yaml:2:38 expected either `recipe` or `package`, and not both",
  ]);
});

test("keys that start with x- hold YAML anchors, whose entries << takes over", async () => {
  const recipe = await recipeOf(
    "x-common: &common { silent: true, timeout: 3s }\ntasks: { make: { <<: *common, timeout: 5s } }",
  );
  const { silent, timeoutMs } = recipe.tasks.get("make") ?? {};
  assert.equal([silent, timeoutMs], [true, 5000]);
  assert.equal(await wordsOf("x-common: &common { silnt: true }\ntasks: { make: { <<: *common } }"), [
    'tazpod.tasks.yaml:3:16 unknown key "silnt" (did you mean "silent"?)',
  ]);
});

test("a text that YAML reads as something else comes with a hint to quote it", async () => {
  const [braces = ""] = await wordsOf("tasks: { make: { desc: {{project}} } }");
  assert.match(braces, 'a key must be a string (quote a text that starts with {{: "{{name}} …")');
  const [colon = ""] = await wordsOf("tasks:\n  make:\n    desc: a: b");
  assert.match(colon, '(quote a text with a colon and a space in it: "a: b")');
});

test.run();
