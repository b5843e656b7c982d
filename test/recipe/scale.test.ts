import { test } from "uvu";
import * as assert from "uvu/assert";
import { formatPlan } from "../../lib/plan/format-plan.js";
import { taskGraph, toMermaid } from "../../lib/plan/graph.js";
import { resolve } from "../../lib/plan/resolve.js";
import { knownValues, valuesOf } from "../../lib/run/given-values.js";
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

/** Reads, checks, plans and draws a chain; returns the CPU time in ms. */
async function planned(size: number): Promise<number> {
  const text = chain(size);
  const from = process.cpuUsage();
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
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
}

test("reading, checking, planning and drawing take linear time", async () => {
  await planned(300);
  const [small, large] = [await planned(300), await planned(3000)];
  // ten times the tasks; a step that compares each with all others would take far more
  assert.ok(large < small * 10 * 3, `${small} ms for 300 tasks, ${large} ms for 3,000`);
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
