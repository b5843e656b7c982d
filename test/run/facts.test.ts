import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Recipe, Task } from "../../lib/recipe/recipe.js";
import { Facts } from "../../lib/run/facts.js";
import type { RunContext } from "../../lib/run/run-context.js";
import { recipeOf } from "../recipe/rig.js";

const [first, second] = ["TAZPOD_TEST_FACT_A", "TAZPOD_TEST_FACT_B"];

const recipe: Recipe = await recipeOf(`facts:
  a: { new: true, check: { env: ${first} } }
  b: { new: true, requires: [a], check: { env: ${second} } }
  c: { new: true, check: { env: PATH } }
tasks:
  make-a: { new: true, provides: [a], cmds: [["true"]] }
  make-c: { new: true, provides: [c], cmds: [["true"]] }
  talk: { new: true, interactive: true, cmds: [["true"]] }
`);

function task(name: string): Task {
  const found = recipe.tasks.get(name);
  if (found === undefined) throw new Error(name);
  return found;
}

/** Returns facts of which `a` and `b` were found to hold, and hold no more. */
async function believed(): Promise<{ facts: Facts; holds: (name: string) => Promise<boolean> }> {
  Object.assign(process.env, { [first]: "1", [second]: "1" });
  const { signal } = new AbortController();
  const facts = new Facts(
    recipe,
    () => ({}) as RunContext,
    () => signal,
    (_, check) => check(),
  );
  const holds = async (name: string): Promise<boolean> => (await facts.evaluate(name)).state === "true";
  assert.ok(await holds("b"));
  delete process.env[first];
  delete process.env[second];
  assert.ok(await holds("b"), "nothing has run that could have changed it");
  return { facts, holds };
}

test("a fact is checked again after a step that changes it, or one that it depends on", async () => {
  const { facts, holds } = await believed();
  facts.invalidate(task("make-c"));
  assert.ok(await holds("b"));
  process.env[first] = "1";
  facts.invalidate(task("make-a"));
  assert.not.ok(await holds("b"));
});

test("before its own step, a fact is checked again if any step has run since", async () => {
  const { facts } = await believed();
  assert.is((await facts.recheck("a")).state, "true");
  facts.invalidate(task("make-c"));
  assert.is((await facts.recheck("a")).state, "false");
});

test("after an interactive step, and when another process has changed something, nothing is believed", async () => {
  for (const change of [
    (facts: Facts): void => facts.invalidate(task("talk")),
    (facts: Facts): void => facts.invalidateAll(),
  ]) {
    const { facts, holds } = await believed();
    change(facts);
    assert.not.ok(await holds("a"));
  }
});

test.run();
