import { test } from "uvu";
import * as assert from "uvu/assert";
import { equal } from "../rig/equal.js";
import { failureOf, planOf, recipeOf, stepsOf } from "./rig.js";

// What was tried in vain, or could not be known, on the way to a plan.

const opening = `
facts:
  closed: { check: { env: CLOSED } }
  spare: { check: { env: SPARE } }
  way: { check: { any: [ { not: { fact: closed } }, { fact: spare } ] } }
  inside: { check: { env: INSIDE } }
  warm: { check: { env: WARM } }
tasks:
  open: { clears: [closed] }
  go-in: { needs: [way], provides: [inside] }
  sit: { needs: [inside], provides: [warm] }
  try: { wants: [warm] }
  rest: { needs: [warm] }
`;

test("what could not be reached is looked at again after a step that made it reachable", async () => {
  const recipe = await recipeOf(opening);
  const plan = planOf(recipe, ["try", "open", "rest"], { closed: true });
  assert.is(stepsOf(plan), "try, open, go-in, sit, rest");
  equal(
    plan.blocked.map(({ task, fact }) => `${task} ${fact}`),
    ["try warm"],
  );
  assert.is(
    stepsOf(planOf(recipe, ["try", "open", "go-in", "rest"], { closed: true })),
    "try, open, go-in, sit, rest",
  );
});

test("what is tried in vain leaves no step, and nothing that was found on the way counts", async () => {
  const recipe = await recipeOf(`
facts:
  base: { check: { env: BASE } }
  part: { requires: [base], check: { env: PART } }
  made: { check: { env: MADE } }
  cut: { check: { env: CUT } }
  clean: { check: { env: CLEAN } }
  shown: { check: { env: SHOWN } }
tasks:
  make: { needs: [part], provides: [made] }
  cut-it: { provides: [cut], clears: [base] }
  sweep: { provides: [clean], clears: [cut] }
  show: { needs: [cut], wants: [clean, made], provides: [shown] }
  try: { wants: [shown] }
  go: { needs: [made] }
`);
  const plan = planOf(recipe, ["try", "go"], { base: true, part: true });
  assert.is(stepsOf(plan), "try, make, go");
  equal(
    plan.blocked.map(({ task, fact }) => `${task} ${fact}`),
    ["try shown"],
  );
});

test("a provider that must not run is no reason to try the next one", async () => {
  const recipe = await recipeOf(`
facts:
  open: { check: { env: OPEN } }
  done: { check: { env: DONE }, providers: [first, second] }
tasks:
  first: { provides: [done], preconditions: [ { check: { not: { fact: open } }, msg: Close it. } ] }
  second: { provides: [done] }
  go: { needs: [done] }
`);
  assert.is(failureOf(recipe, "go", { open: true }).kind, "precondition");
  assert.is(stepsOf(planOf(recipe, "go", {})), "first, go");
});

test("a fact is unknown if one part is, even if another is known only later", async () => {
  const recipe = await recipeOf(`
facts:
  base: { check: { env: BASE } }
  later: { requires: [base], check: { env: LATER } }
  other: { check: { env: OTHER } }
  both: { check: { all: [ { fact: later }, { fact: other } ] } }
tasks:
  make-base: { provides: [base] }
  go: { needs: [base, both] }
`);
  assert.is(failureOf(recipe, "go", { other: "unknown: no answer" }).kind, "unknown-fact");
  assert.is(stepsOf(planOf(recipe, "go", { other: true })), "make-base, go?");
});

test("a goal's task whose own fact is unknown does not run", async () => {
  const recipe = await recipeOf(`
facts:
  open: { check: { env: OPEN } }
tasks:
  unlock: { provides: [open] }
  lock: { clears: [open] }
`);
  for (const task of ["unlock", "lock"])
    assert.is(failureOf(recipe, task, { open: "unknown: no answer" }).kind, "unknown-fact", task);
});

test.run();
