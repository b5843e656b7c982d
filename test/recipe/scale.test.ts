import { test } from "uvu";
import * as assert from "uvu/assert";
import { formatPlan } from "../../lib/plan/format-plan.js";
import { taskGraph, toMermaid } from "../../lib/plan/graph.js";
import { resolve } from "../../lib/plan/resolve.js";
import { knownValues, valuesOf } from "../../lib/run/given-values.js";
import { flagsOf } from "../../lib/run/task-flags.js";
import { possibleCommands } from "../../lib/trust/recipe-commands.js";
import { recipeOf, wordsOf } from "./rig.js";

/** Returns a recipe in which each task needs the fact of the one before. */
function chain(size: number): string {
  const numbers = Array.from({ length: size }, (_, index) => index);
  const facts = numbers.map((i) => ` f${i}: { new: true, check: { exists: n${i} } }`);
  const tasks = numbers.map((i) => {
    const needs = i === 0 ? "" : `needs: [f${i - 1}], `;
    return ` t${i}: { new: true, ${needs}provides: [f${i}], cmds: [[touch, n${i}]] }`;
  });
  return ["facts:", ...facts, "tasks:", ...tasks, ""].join("\n");
}

test("a chain of 5,000 tasks is read, checked, planned and drawn: its length needs no call stack", async () => {
  const size = 5000;
  const text = chain(size);
  const recipe = await recipeOf(text);
  const name = `t${size - 1}`;
  possibleCommands(recipe, (task) => valuesOf({}, recipe, task, knownValues()).texts);
  const target = { name, tasks: [name], named: [name] };
  const resolution = resolve(recipe, target, { ran: new Set(), declined: new Set() });
  let next = resolution.next();
  while (next.done !== true) next = resolution.next({ state: "false", reason: "it is not there" });
  if (!next.value.ok) throw new Error(JSON.stringify(next.value.failure));
  const plan = formatPlan(next.value.value, recipe, { vars: {}, describeFailure: ({ kind }) => kind });
  assert.is(plan.split("\n").length, size + 1);
  assert.ok(toMermaid(taskGraph(recipe, target.tasks), new Set()).includes(`"${name}"`));
  assert.equal([...flagsOf(recipe, target.tasks)], []);
});

test("a large recipe has its mistakes at the right lines", async () => {
  const text = chain(1000);
  assert.equal(await wordsOf(`${text} t17: { new: true }\n`), [
    'tazpod.tasks.yaml:2004:2 duplicate key "t17"',
  ]);
  assert.equal(await wordsOf(text.replace("needs: [f998]", "needs: [f999x]")), [
    'tazpod.tasks.yaml:2003:29 there is no fact "f999x" (did you mean "f999"?)',
  ]);
});

test.run();
