import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { equal } from "../rig/equal.js";
import type { Failure } from "../../lib/failure/failure.js";
import { builtinScripts } from "../../lib/run/scripts.js";
import { packageRoot } from "../../lib/host/package-root.js";
import { formatPlan, planJson } from "../../lib/plan/format-plan.js";
import { loadRecipe } from "../../lib/recipe/load-recipe.js";
import { builtinVars } from "../../lib/session/services.js";
import { planOf, type World } from "./rig.js";

const text = readFileSync(join(packageRoot, "tazpod.tasks.yaml"), "utf8");
const loaded = await loadRecipe({
  builtin: { path: "tazpod.tasks.yaml", text },
  read: async () => ({ ok: true, value: undefined }),
  knownVars: builtinVars,
  builtinScripts,
});
if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure));
const recipe = loaded.value;
const settings = {
  vars: {
    ...Object.fromEntries(builtinVars.map((name) => [name, name])),
    container: "lab",
    remote: "s3://vaults/lab",
  },
  describeFailure: (failure: Failure) =>
    "reason" in failure ? failure.reason : "message" in failure ? failure.message : failure.kind,
};

function rows(tasks: string, world: World, options?: Parameters<typeof planOf>[3]): readonly string[] {
  return formatPlan(planOf(recipe, tasks, world, options), recipe, settings).split("\n");
}

// no part of the vault is requested by name, and the project is mounted
const mounted = { workspace: true, "workspace-returned": true };
const project = {
  project: "true: .tazpod/config.yaml",
  ...{ engine: true, "container-name": true, "parts-open": true, ...mounted },
};

test("on a new host all steps are planned, and those that depend on the remote are uncertain", () => {
  equal(
    rows("shell", {
      ...project,
      container: "false: container lab is absent",
      session: "false: no credentials",
    }),
    [
      "shell",
      "  = project           .tazpod/config.yaml",
      "  + ensure-container  container lab is absent",
      "  + login             no credentials  wanted by shell",
      "  ? pull              if s3://vaults/lab has a vault, else create",
      "  + passphrase        known only after pull",
      "  + unlock            known only after ensure-container",
      "  + shell",
      "  ~ carry-back        afterwards, unless the container has no unsynced project changes",
      "  ~ lock              afterwards, unless another session has the vault open",
      "  ~ close-parts       afterwards, unless no part needs closing",
      "  ~ push              afterwards, unless --offline was given",
      "  ~ pending           afterwards, unless the remote has the sealed vault",
      "  not needed: init, recreate-container, carry, merge",
    ],
  );
});

test("with a local vault the remote is not checked", () => {
  equal(
    rows("shell", {
      ...project,
      container: true,
      "container-current": true,
      "vault-local": true,
      "vault-open": "false: closed",
    }).slice(0, 6),
    [
      "shell",
      "  = container          container is true",
      "  = container-current  container-current is true",
      "  = vault-local        vault-local is true",
      "  + passphrase         passphrase is false  wanted by shell",
      "  + unlock             closed",
    ],
  );
});

test("unmet and declined wants have their own rows", () => {
  const world = { ...project, container: true, "container-current": false, "vault-open": true };
  assert.ok(
    rows("shell", world).includes(
      "  ! container-current  The vault is open in container lab and would be lost with it. Save and lock it first.  wanted by shell",
    ),
  );
  assert.ok(
    rows("shell", project, { declined: ["shell wants vault-open"] }).includes(
      "  - vault-open        declined  wanted by shell",
    ),
  );
});

test("a plan without steps says so", () => {
  equal(rows("lock", {}, { named: true }), ["lock", "  nothing to do", "  not needed: save"]);
});

test("ending the container saves and locks an open vault first, and leaves a closed one alone", () => {
  const up = { ...project, container: true };
  const steps = (world: World): string =>
    planOf(recipe, "down", world, { named: true })
      .steps.map(({ task }) => task)
      .join(", ");
  assert.is(steps({ ...up, "vault-open": true }), "save, lock, down");
  assert.is(steps({ ...up, "vault-open": true, "vault-saved": true }), "lock, down");
  assert.is(steps(up), "down");
  assert.is(steps(project), "down");
});

test("a copy of the project is synced before and after the shell, and before its container is removed or replaced", () => {
  const up = { ...project, container: true, workspace: false, "workspace-returned": false };
  const steps = (task: string, world: World): string =>
    planOf(recipe, task, world, { named: true })
      .steps.map(({ task: name }) => name)
      .join(", ");
  assert.is(steps("shell", { ...up, "container-current": true, "vault-open": true }), "carry, shell");
  assert.is(
    steps("shell", { ...up, "vault-local": true }),
    "carry-back, recreate-container, carry, passphrase, unlock, shell",
  );
  assert.is(steps("down", { ...up, "vault-open": true }), "save, lock, carry-back, down");
  assert.is(steps("save", { ...up, "vault-open": true }), "save");
});

test("an unreachable remote never leads to a new vault", () => {
  const world = {
    ...project,
    container: true,
    "container-current": true,
    session: true,
    "vault-remote": "unknown: connection refused",
  };
  const plan = planOf(recipe, "shell", world);
  equal(
    plan.steps.map(({ task }) => task),
    ["shell"],
  );
  equal(plan.blocked[0]?.failure, {
    kind: "unknown-fact",
    fact: "vault-remote",
    reason: "connection refused",
  });
});

test("an empty remote leads to a new vault", () => {
  const world = {
    ...project,
    container: true,
    "container-current": true,
    session: true,
    "vault-remote": false,
  };
  equal(
    planOf(recipe, "shell", world).steps.map(({ task }) => task),
    ["create", "passphrase", "unlock", "shell"],
  );
});

test("a plan as data fits its schema", () => {
  const validate = new Ajv({ allErrors: true, strict: true }).compile(
    JSON.parse(readFileSync(join(packageRoot, "schema", "plan.schema.json"), "utf8")),
  );
  const worlds: readonly World[] = [
    {},
    project,
    { ...project, container: true, session: true, "vault-remote": "unknown: refused" },
    { ...project, container: true, "vault-open": true },
  ];
  for (const world of worlds) {
    for (const declined of [[], ["shell wants vault-open"]]) {
      const data: unknown = JSON.parse(
        JSON.stringify(planJson(planOf(recipe, "shell", world, { declined }), settings)),
      );
      assert.ok(validate(data), JSON.stringify(validate.errors));
    }
  }
  const plan = planJson(planOf(recipe, "shell", project), settings);
  equal(
    plan.steps.find(({ task }) => task === "pull"),
    {
      task: "pull",
      certain: false,
      otherwise: "create",
      reason: "if s3://vaults/lab has a vault",
      cause: { kind: "need", by: "unlock", fact: "vault-local" },
      branch: ["shell", "unlock", "pull"],
    },
  );
});

test.run();
