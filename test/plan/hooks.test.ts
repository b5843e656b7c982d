import { test } from "uvu";
import * as assert from "uvu/assert";
import { planOf, recipeOf, stepsOf } from "./rig.js";

// Hooks: tasks that run whenever the vault is unlocked or locked.

const text = `
facts:
  vault-open: { check: { env: OPEN } }
  saved: { requires: [vault-open], check: { env: SAVED } }
  tool: { check: { env: TOOL } }
  conf: { requires: [vault-open], check: { env: CONF } }
tasks:
  unlock: { provides: [vault-open] }
  get-tool: { provides: [tool] }
  render: { needs: [vault-open, tool] }
  conf: { needs: [vault-open], provides: [conf] }
  remove: { needs: [vault-open] }
  shell: { wants: [vault-open], finally: [lock] }
  save: { provides: [saved] }
  lock: { needs: [saved], clears: [vault-open] }
  wipe: { clears: [vault-open, tool] }
hooks: { after_unlock: [render, conf], before_lock: [remove] }
`;

test("after an unlock come the hooks, with what they need, before the task that wanted the vault", async () => {
  const recipe = await recipeOf(text);
  const plan = planOf(recipe, "shell", {});
  assert.is(stepsOf(plan), "unlock, get-tool, render, conf, shell");
  assert.equal(
    plan.steps.map(({ reason }) => reason).filter((reason) => reason.startsWith("after")),
    ["after unlock", "after unlock"],
  );
});

test("hooks run in the run that unlocks, once, and only as far as they are due", async () => {
  const recipe = await recipeOf(text);
  assert.is(stepsOf(planOf(recipe, "shell", { "vault-open": true })), "shell");
  const opened = { "vault-open": true, conf: true };
  assert.is(stepsOf(planOf(recipe, "shell", opened, { ran: ["unlock"] })), "get-tool, render, shell");
  assert.is(stepsOf(planOf(recipe, "shell", opened, { ran: ["unlock", "render"] })), "shell");
});

test("before an open vault is locked come the hooks, and then the save", async () => {
  const recipe = await recipeOf(text);
  const plan = planOf(recipe, "lock", { "vault-open": true });
  assert.is(stepsOf(plan), "remove, save, lock");
  assert.equal(
    plan.steps.map(({ hook }) => hook),
    ["before", undefined, undefined],
  );
  assert.is(stepsOf(planOf(recipe, "lock", { "vault-open": true }, { ran: ["remove"] })), "save, lock");
  assert.is(stepsOf(planOf(recipe, "lock", {})), "");
  // it changes something else, and the vault is not opened for it
  assert.is(stepsOf(planOf(recipe, "wipe", { tool: true })), "wipe");
});

test("a hook that cannot run does not prevent the lock", async () => {
  const recipe = await recipeOf(
    text
      .replace("remove: { needs: [vault-open] }", "remove: { needs: [none] }")
      .replace("  tool:", "  none: { check: { env: NONE } }\n  tool:"),
  );
  const plan = planOf(recipe, "lock", { "vault-open": true });
  assert.is(stepsOf(plan), "save, lock");
  assert.equal(
    plan.blocked.map(({ task, isHook, failure }) => [task, isHook, failure.kind]),
    [["remove", true, "unmet-fact"]],
  );
});

test.run();
