import { equal } from "../rig/equal.js";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { failureOf, planOf, recipeOf, resolveIn, stepsOf } from "./rig.js";

const chain = await recipeOf(`
facts:
  a: { check: { env: A } }
  b: { check: { env: B } }
  c: { check: { env: C } }
tasks:
  make-a: { provides: [a] }
  make-b: { needs: [a], provides: [b] }
  make-c: { needs: [b], provides: [c] }
  go: { needs: [c] }
`);

test("for a false fact, its provider is planned after the provider's needs", () => {
  const plan = planOf(chain, "go", {});
  assert.is(stepsOf(plan), "make-a, make-b, make-c, go");
  equal(plan.steps[1]?.branch, ["go", "make-c", "make-b"]);
  equal(plan.steps[1]?.cause, { kind: "need", by: "make-c", fact: "b" });
  assert.is(plan.steps[1]?.reason, "b is false");
  equal(plan.steps[3]?.cause, { kind: "target" });
  assert.is(plan.steps[3]?.reason, "asked for");
});

test("nothing below a true fact is checked", () => {
  const { result, asked } = resolveIn(chain, "go", { b: true });
  assert.ok(result.ok);
  if (result.ok) {
    assert.is(stepsOf(result.value), "make-c, go");
    equal(result.value.satisfied, [{ fact: "b", reason: "b is true" }]);
    equal(result.value.notNeeded, ["make-b", "make-a"]);
  }
  equal(asked, ["c", "b"]);
});

test("an unknown fact fails with the check's reason", () => {
  equal(failureOf(chain, "go", { b: "unknown: connection refused" }), {
    kind: "unknown-fact",
    fact: "b",
    reason: "connection refused",
  });
});

test("a task whose facts hold is skipped with all its needs", async () => {
  const recipe = await recipeOf(`
facts:
  a: { check: { env: A } }
  b: { check: { env: B } }
  open: { check: { env: OPEN } }
tasks:
  make-a: { provides: [a] }
  make-b: { needs: [a], provides: [b], clears: [open] }
  open-it: { provides: [open] }
`);
  const done = resolveIn(recipe, "make-b", { b: true, open: false });
  assert.ok(done.result.ok && done.result.value.steps.length === 0);
  equal(done.asked, ["b", "open"]);
  assert.is(stepsOf(planOf(recipe, "make-b", { b: true, open: true })), "make-a, make-b");
  assert.is(planOf(recipe, "make-b", { b: true, open: true }).steps[1]?.reason, "clears open");
  assert.is(planOf(recipe, "make-b", { b: false, open: true }).steps[1]?.reason, "b is false");
});

test("a task named by the user runs even if its facts hold", () => {
  assert.is(stepsOf(planOf(chain, "make-c", { c: true, b: true }, { named: true })), "make-c");
  assert.is(stepsOf(planOf(chain, "make-c", { c: true, b: true })), "");
});

test("a task named by the user that only clears false facts does nothing", async () => {
  const recipe = await recipeOf(`
facts:
  open: { check: { env: OPEN } }
  saved: { requires: [open], check: { env: SAVED } }
tasks:
  unlock: { provides: [open] }
  save: { needs: [open], provides: [saved] }
  lock: { needs: [saved], clears: [open] }
`);
  assert.is(stepsOf(planOf(recipe, "lock", {}, { named: true })), "");
  assert.is(stepsOf(planOf(recipe, "lock", { open: true }, { named: true })), "save, lock");
  assert.is(stepsOf(planOf(recipe, "lock", { open: true, saved: true }, { named: true })), "lock");
});

test("a fact whose requirement is false is false, and is not checked", async () => {
  const recipe = await recipeOf(`
facts:
  up: { check: { env: UP } }
  inside: { requires: [up], check: { env: INSIDE } }
tasks:
  enter: { provides: [inside] }
  go: { needs: [inside] }
`);
  const { result, asked } = resolveIn(recipe, "go", {});
  assert.ok(result.ok && stepsOf(result.value) === "enter, go");
  equal(asked, ["up"]);
  equal(failureOf(recipe, "go", { up: "unknown: no answer" }), {
    kind: "unknown-fact",
    fact: "inside",
    reason: "no answer",
  });
});

const vault = `
facts:
  session: { check: { env: SESSION } }
  remote: { requires: [session], check: { env: REMOTE }, desc: "there is a remote vault" }
  local: { check: { env: LOCAL }, providers: [pull, create] }
tasks:
  login: { provides: [session] }
  pull: { needs: [session, remote], provides: [local] }
  create: { needs: [session], provides: [local] }
  go: { needs: [local] }
`;

test("of several providers, the first whose needs can be met is used", async () => {
  const recipe = await recipeOf(vault);
  assert.is(stepsOf(planOf(recipe, "go", { session: true, remote: true })), "pull, go");
  assert.is(stepsOf(planOf(recipe, "go", { session: true, remote: false })), "create, go");
});

test("a fact that is not known yet makes a step uncertain until the plan is resolved again", async () => {
  const recipe = await recipeOf(vault);
  const { result, asked } = resolveIn(recipe, "go", {});
  assert.ok(result.ok && stepsOf(result.value) === "login, pull?create, go");
  assert.ok(result.ok && result.value.steps[1]?.reason === "if there is a remote vault");
  assert.ok(result.ok && result.value.notNeeded.length === 0);
  equal(asked, ["local", "session"]);
  assert.is(stepsOf(planOf(recipe, "go", { session: true }, { ran: ["login"] })), "create, go");
});

test("an unknown fact is never a reason to try the next provider", async () => {
  const recipe = await recipeOf(vault);
  equal(failureOf(recipe, "go", { session: true, remote: "unknown: refused" }), {
    kind: "unknown-fact",
    fact: "remote",
    reason: "refused",
  });
});

test("a fact without provider fails with its reason and the task that needs it", async () => {
  const recipe = await recipeOf(`
facts:
  vpn: { check: { env: VPN } }
  session: { check: { env: SESSION } }
tasks:
  login: { needs: [vpn], provides: [session] }
  go: { needs: [session] }
`);
  equal(failureOf(recipe, "go", { vpn: "false: no route" }), {
    kind: "unmet-fact",
    fact: "vpn",
    task: "login",
    reason: "no route",
  });
});

test("if no provider can be used, the failure says what each lacks", async () => {
  const recipe = await recipeOf(`
facts:
  x: { check: { env: X } }
  y: { check: { env: Y } }
  f: { check: { env: F }, providers: [one, two] }
tasks:
  one: { needs: [x], provides: [f] }
  two: { needs: [y], provides: [f] }
  go: { needs: [f] }
`);
  equal(failureOf(recipe, "go", {}), {
    kind: "unmet-fact",
    fact: "f",
    task: "go",
    reason: "one: x: x is false; two: y: y is false",
  });
});

test("a fact without provider is waited for only if the facts it requires can be met", async () => {
  const recipe = await recipeOf(`
facts:
  up: { check: { env: UP } }
  healthy: { requires: [up], check: { env: HEALTHY } }
tasks:
  start: { provides: [up] }
  go: { needs: [healthy] }
`);
  assert.is(stepsOf(planOf(recipe, "go", {})), "start, go?");
  assert.is(planOf(recipe, "go", {}).steps[1]?.reason, "if healthy holds");
  assert.is(failureOf(recipe, "go", { up: true }).kind, "unmet-fact");
});

test("a fact with a provider that cannot be known yet is planned as false", async () => {
  const recipe = await recipeOf(`
facts:
  up: { check: { env: UP } }
  warm: { requires: [up], check: { env: WARM } }
tasks:
  start: { provides: [up] }
  heat: { provides: [warm] }
  go: { needs: [up, warm] }
`);
  const plan = planOf(recipe, "go", {});
  assert.is(stepsOf(plan), "start, heat, go");
  assert.is(plan.steps[1]?.reason, "known only after start");
});

test("needs come in order, then wants, and a shared need comes once", async () => {
  const recipe = await recipeOf(`
facts:
  base: { check: { env: BASE } }
  n1: { check: { env: N1 } }
  n2: { check: { env: N2 } }
  w1: { check: { env: W1 } }
tasks:
  make-w1: { needs: [base], provides: [w1] }
  make-n1: { needs: [base], provides: [n1] }
  make-n2: { needs: [base], provides: [n2] }
  make-base: { provides: [base] }
  go: { wants: [w1], needs: [n2, n1] }
`);
  const plan = planOf(recipe, "go", {});
  assert.is(stepsOf(plan), "make-base, make-n2, make-n1, make-w1, go");
  equal(plan.steps[3]?.cause, { kind: "want", by: "go", fact: "w1" });
});

const wanting = `
facts:
  key: { check: { env: KEY } }
  tool: { check: { env: TOOL } }
  open: { check: { env: OPEN } }
tasks:
  fetch: { provides: [tool] }
  unlock: { needs: [tool, key], provides: [open] }
  go: { wants: [open] }
`;

test("a declined want is left out and not checked", async () => {
  const recipe = await recipeOf(wanting);
  const { result, asked } = resolveIn(recipe, "go", { key: true }, { declined: ["go wants open"] });
  assert.ok(result.ok && stepsOf(result.value) === "go");
  equal(result.ok && result.value.declined, [{ task: "go", fact: "open" }]);
  equal(asked, []);
});

test("a want that cannot be met is reported, and none of its steps is planned", async () => {
  const recipe = await recipeOf(wanting);
  const plan = planOf(recipe, "go", { key: "false: no key" });
  assert.is(stepsOf(plan), "go");
  equal(plan.blocked, [
    {
      task: "go",
      fact: "open",
      failure: { kind: "unmet-fact", fact: "key", task: "unlock", reason: "no key" },
    },
  ]);
  equal(plan.satisfied, []);
});

test("a want with an unknown fact is reported as unknown", async () => {
  const plan = planOf(await recipeOf(wanting), "go", { open: "unknown: no answer" });
  equal(plan.blocked, [
    { task: "go", fact: "open", failure: { kind: "unknown-fact", fact: "open", reason: "no answer" } },
  ]);
});

test("a step that clears a fact still needed is a conflict that names it", async () => {
  const recipe = await recipeOf(`
facts:
  door: { check: { env: DOOR } }
  clean: { check: { env: CLEAN } }
tasks:
  open-door: { provides: [door] }
  sweep: { provides: [clean], clears: [door] }
  go: { needs: [door, clean] }
  well: { needs: [clean, door] }
`);
  const failure = failureOf(recipe, "go", {});
  assert.is(failure.kind, "plan-conflict");
  assert.is(
    failure.kind === "plan-conflict" && failure.message,
    'sweep clears "door", but go needs it later',
  );
  assert.is(stepsOf(planOf(recipe, "well", {})), "sweep, open-door, well");
});

test("clearing a fact makes facts false that require it", async () => {
  const recipe = await recipeOf(`
facts:
  up: { check: { env: UP } }
  inside: { requires: [up], check: { env: INSIDE } }
  off: { check: { env: OFF } }
tasks:
  start: { provides: [up] }
  enter: { provides: [inside] }
  stop: { provides: [off], clears: [up] }
  go: { needs: [inside, off] }
`);
  assert.is(failureOf(recipe, "go", { up: true }).kind, "plan-conflict");
  assert.is(failureOf(recipe, "go", { up: true, inside: true }).kind, "plan-conflict");
});

test("a fact that became false with its requirement stays unknown until the requirement holds again", async () => {
  const recipe = await recipeOf(`
facts:
  up: { check: { env: UP } }
  healthy: { requires: [up], check: { env: HEALTHY } }
tasks:
  stop: { clears: [up] }
  start: { provides: [up] }
  go: { needs: [up, healthy] }
`);
  assert.is(stepsOf(planOf(recipe, ["stop", "go"], { up: true, healthy: true })), "stop, start, go?");
  assert.is(stepsOf(planOf(recipe, ["stop", "go"], { up: true, healthy: false })), "stop, start, go?");
});

test("a provider is left out if planning its needs makes its fact true", async () => {
  const recipe = await recipeOf(`
facts:
  f: { check: { env: F }, providers: [plain, both] }
  g: { check: { env: G } }
tasks:
  plain: { needs: [g], provides: [f] }
  both: { provides: [g, f] }
  go: { needs: [f] }
`);
  assert.is(stepsOf(planOf(recipe, "go", {})), "both, go");
  assert.is(stepsOf(planOf(recipe, "go", { g: true })), "plain, go");
});

test("a task that ran is not planned again; if its fact is still false, that is a failure", () => {
  assert.is(stepsOf(planOf(chain, "go", { a: true }, { ran: ["make-a"] })), "make-b, make-c, go");
  assert.is(stepsOf(planOf(chain, "go", { c: true }, { ran: ["go"] })), "");
  const failure = failureOf(chain, "go", {}, { ran: ["make-a"] });
  assert.is(
    failure.kind === "plan-conflict" && failure.message,
    'make-a already ran, and make-b needs "a", which does not hold: a is false',
  );
});

test("a provider that failed to provide is not replaced by the next", async () => {
  const recipe = await recipeOf(vault);
  assert.is(
    failureOf(recipe, "go", { session: true, remote: true }, { ran: ["pull"] }).kind,
    "plan-conflict",
  );
});

const guarded = `
facts:
  open: { check: { env: OPEN } }
  current: { check: { env: CURRENT } }
  base: { check: { env: BASE } }
tasks:
  make-base: { provides: [base] }
  renew:
    needs: [base]
    provides: [current]
    preconditions:
      - { check: { not: { fact: open } }, msg: "Lock {{container}} first: {{reason}}." }
  lenient:
    preconditions:
      - { check: { not: { fact: open } }, msg: "Lock first.", on_unknown: pass }
  outside:
    preconditions:
      - { check: { env: HOME }, msg: "No home." }
  go: { needs: [current] }
`;

test("a precondition about facts that does not hold ends the plan before anything runs", async () => {
  const recipe = await recipeOf(guarded);
  const failure = failureOf(recipe, "go", { open: true });
  assert.is(failure.kind === "precondition" && failure.message, "Lock {{container}} first: open is true.");
  assert.is(failure.kind === "precondition" && failure.task, "renew");
  assert.is(stepsOf(planOf(recipe, "go", {})), "make-base, renew, go");
});

test("an unknown precondition fails unless `on_unknown` is pass", async () => {
  const recipe = await recipeOf(guarded);
  assert.is(failureOf(recipe, "go", { open: "unknown: no answer" }).kind, "precondition");
  assert.is(stepsOf(planOf(recipe, "lenient", { open: "unknown: no answer" })), "lenient");
});

test("other preconditions are checked when the step runs", async () => {
  const { asked, result } = resolveIn(await recipeOf(guarded), "outside", {});
  assert.ok(result.ok && stepsOf(result.value) === "outside");
  equal(asked, []);
});

test("a precondition of a step that is not due is not checked", async () => {
  assert.is(stepsOf(planOf(await recipeOf(guarded), "go", { current: true, open: true })), "go");
});

const derived = `
facts:
  up: { check: { env: UP } }
  open: { requires: [up], check: { env: OPEN } }
  closed: { check: { not: { fact: open } } }
  quiet: { check: { all: [ { fact: closed }, { not: { fact: up } } ] } }
tasks:
  start: { provides: [up] }
  unlock: { needs: [up], provides: [open] }
  lock: { clears: [open] }
  stop: { needs: [closed], clears: [up] }
  leave: { needs: [quiet] }
`;

test("a task that clears a fact provides its opposite", async () => {
  const recipe = await recipeOf(derived);
  assert.is(stepsOf(planOf(recipe, "stop", { up: true, open: true }, { named: true })), "lock, stop");
  assert.is(stepsOf(planOf(recipe, "stop", { up: true }, { named: true })), "stop");
});

test("a derived fact is computed, never checked", async () => {
  const { asked } = resolveIn(await recipeOf(derived), "stop", { up: true, open: true }, { named: true });
  equal(asked, ["up", "open"]);
  assert.is(
    failureOf(await recipeOf(derived), "stop", { up: true, open: "unknown: no answer" }, { named: true })
      .kind,
    "unknown-fact",
  );
});

test("a derived fact follows the planned changes of its facts", async () => {
  const recipe = await recipeOf(derived);
  assert.is(stepsOf(planOf(recipe, ["stop", "leave"], { up: true, open: true })), "lock, stop, leave");
  assert.is(failureOf(recipe, ["unlock", "leave"], { up: true }).kind, "unmet-fact");
});

test("a goal's tasks come in order, and each sees the effects of earlier ones", async () => {
  const recipe = await recipeOf(derived);
  assert.is(stepsOf(planOf(recipe, ["unlock", "lock", "start"], {})), "start, unlock, lock");
});

test("cleanup is planned for planned tasks only", async () => {
  const recipe = await recipeOf(`
facts:
  f: { check: { env: F } }
  busy: { check: { env: BUSY } }
tasks:
  make: { provides: [f], finally: [tidy] }
  go: { needs: [f], finally: [{ task: tidy, unless: busy }, sweep] }
  tidy: {}
  sweep: {}
`);
  equal(planOf(recipe, "go", { f: true }).afterwards, [
    { task: "tidy", unless: "busy", after: "go" },
    { task: "sweep", after: "go" },
  ]);
  // in the order of execution: the task that starts last is cleaned up first
  equal(planOf(recipe, "go", {}).afterwards.at(-1), { task: "tidy", after: "make" });
});

test("internal tasks are not listed as not needed", async () => {
  const recipe = await recipeOf(`
facts:
  f: { check: { env: F } }
tasks:
  make: { provides: [f], internal: true }
  go: { needs: [f] }
`);
  equal(planOf(recipe, "go", { f: true }).notNeeded, []);
});

test("an unknown target is a failure", () => {
  equal(failureOf(chain, "nothing", {}), { kind: "unknown-name", what: "task", name: "nothing" });
});

test.run();
