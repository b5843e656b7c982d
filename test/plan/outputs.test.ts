import { equal } from "../rig/equal.js";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { taskGraph } from "../../lib/plan/graph.js";
import { failureOf, planOf, recipeOf, stepsOf } from "./rig.js";

// Tasks that use what others print.

const recipe = await recipeOf(`
facts:
  ready: { check: { env: A } }
  deployed: { check: { env: B } }
tasks:
  prepare: { provides: [ready], cmds: [["true"]] }
  address: { needs: [ready], outputs: { ip: { from: stdout } }, cmds: [["true"]] }
  deploy: { provides: [deployed], outputs: { url: { from: stdout } }, cmds: [["true"]] }
  ping: { cmds: [[ping, "{{tasks.address.ip}}"]] }
  smoke: { cmds: [[curl, "{{tasks.deploy.url}}"]] }
  notify: { wants: [deployed], cmds: [[mail, "{{tasks.address.ip}}"]] }
goals:
  all: { run: [smoke, ping] }
`);

test("a task whose output is used runs before, with what it needs", () => {
  const plan = planOf(recipe, "ping", {});
  assert.is(stepsOf(plan), "prepare, address, ping");
  equal(plan.steps[1]?.cause, { kind: "output", by: "ping" });
  assert.is(plan.steps[1]?.reason, "ping uses its output");
  equal(plan.steps[0]?.branch, ["ping", "address", "prepare"]);
  // once, however many use it, and not again
  assert.is(
    stepsOf(planOf(recipe, ["ping", "notify"], { deployed: true })),
    "prepare, address, ping, notify",
  );
  assert.is(stepsOf(planOf(recipe, "ping", {}, { ran: ["prepare", "address"] })), "ping");
  assert.is(stepsOf(planOf(recipe, "smoke", {})), "deploy, smoke");
});

test("a task that is done already is not run for its output, unless it is named", () => {
  const failure = failureOf(recipe, "smoke", { deployed: true });
  assert.is(failure.kind, "precondition");
  if (failure.kind === "precondition") {
    assert.is(
      failure.message,
      "smoke uses an output of deploy, but deploy does not run: what it would do is done already.",
    );
    assert.match(failure.hint ?? "", "`tazpod run deploy smoke` runs it nevertheless.");
  }
  const named = planOf(recipe, ["deploy", "smoke"], { deployed: true }, { named: true });
  assert.is(stepsOf(named), "deploy, smoke");
});

test("the graph and what is not needed know outputs", () => {
  equal(taskGraph(recipe, ["ping"]).edges, [
    { from: "address", to: "ping", fact: "output", kind: "need" },
    { from: "prepare", to: "address", fact: "ready", kind: "need" },
  ]);
  equal(planOf(recipe, "ping", { ready: true }).notNeeded, ["prepare"]);
});

test.run();
