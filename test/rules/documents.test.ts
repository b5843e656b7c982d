import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { withRecipeGraph } from "../../scripts/recipe-graph.js";
import { withReference } from "../../scripts/recipe-reference.js";
import { withRooms } from "../../scripts/room-graph.js";
import { withStepContext } from "../../scripts/step-context.js";
import { text } from "../rig/host.js";
import { repository } from "../rig/root.js";

const architecture = "docs/architecture.md";

test("the picture and the table of the rooms are those of the code", async () => {
  const written = await text(join(repository, architecture));
  assert.is(withRooms(written), written, "run `npm run docs`");
});

test("the picture of the built-in recipe in the README is that of the recipe", async () => {
  const written = await text(join(repository, "README.md"));
  assert.is(await withRecipeGraph(written), written, "run `npm run docs`");
});

test("the reference in docs/recipes.md is that of the schema of recipes, and has all of its keys", async () => {
  const written = await text(join(repository, "docs/recipes.md"));
  assert.is(withReference(written), written, "run `npm run docs`");
  const schema = JSON.parse(await text(join(repository, "schema/tasks.schema.json"))) as {
    readonly properties: Readonly<Record<string, { readonly properties?: object }>>;
    readonly definitions: Readonly<Record<string, { readonly properties?: object }>>;
  };
  const expected = [
    ["recipe", schema],
    ["recipe.hooks", schema.properties["hooks"]],
    ...Object.entries(schema.definitions).filter(([, { properties }]) => properties),
  ].map(([name, of]) => [name, Object.keys((of as { properties: object }).properties).toSorted()]);
  const listed = (name: string): readonly string[] =>
    [...written.matchAll(/<!-- keys of ([\w.]+): ([^.]*)\./g)]
      .filter(([, of]) => of === name)
      .flatMap(([, , keys = ""]) => keys.split(", "));
  for (const [name, keys] of expected as [string, string[]][])
    assert.equal(listed(name).toSorted(), keys, name);
});

test("the members of a step's context in docs/steps.md are those of the code", async () => {
  const written = await text(join(repository, "docs/steps.md"));
  assert.is(withStepContext(written), written, "run `npm run docs`");
});

test("every file of the repository that a document names exists", async () => {
  const pages = (await readdir(join(repository, "docs")))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`);
  const missing: string[] = [];
  for (const page of ["README.md", "CONTRIBUTING.md", ...pages]) {
    // a line before a block names the file of an example
    const content = (await text(join(repository, page))).replace(/^`[^`\n]+`.*:\n\n(?=```)/gm, "");
    const named = content.matchAll(
      /`((?:lib|tasks|scripts|bench|test|schema)\/[\w./-]+\.(?:ts|mjs|json|sh))`/g,
    );
    const linked = content.matchAll(/\]\((?!\w+:|#)([\w./-]+)/g);
    const paths = [
      ...[...named].map(([, path = ""]) => path),
      ...[...linked].map(([, path = ""]) => join(dirname(page), path)),
    ];
    missing.push(
      ...paths
        .filter((path) => !path.includes("NAME") && !existsSync(join(repository, path)))
        .map((path) => `${page}: ${path}`),
    );
  }
  assert.equal(missing, []);
});

test.run();
