import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { listVault, loadRecipe, plan, readFromVault, TazpodError } from "../../lib/cli/library.js";
import { Secret } from "../../lib/host/secret.js";
import { sealInto } from "../../lib/vault/seal-into.js";
import { newFolder } from "../rig/folder.js";
import { Host } from "../rig/host.js";
import { value } from "../rig/result.js";
import { tarOf } from "../rig/vault-of-files.js";

async function rejection(work: Promise<unknown>): Promise<TazpodError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, TazpodError);
  return error as TazpodError;
}

test("loadRecipe returns the merged recipe with its places, without running or trusting anything", async () => {
  const host = await Host.make({ remote: "none" });
  await writeFile(
    host.path("tazpod.tasks.yaml"),
    "version: 1\ntasks:\n  hi: { new: true, desc: Say hi, needs: [project], cmds: [[echo, hi]] }\n",
  );
  const { goals, tasks, facts } = await loadRecipe(host.folder);
  assert.equal(
    goals.map(({ name, run }) => [name, run]),
    [["enter", ["shell"]]],
  );
  const hi = tasks.find(({ name }) => name === "hi");
  assert.equal([hi?.desc, hi?.needs, hi?.line], ["Say hi", ["project"], 3]);
  assert.ok(facts.some(({ name }) => name === "vault-open"));
  await writeFile(host.path("tazpod.tasks.yaml"), "version: 1\ntasks: { hi: { cmds: 1 } }\n");
  const { kind, message, exitCode } = await rejection(loadRecipe(host.folder));
  assert.equal([kind, exitCode], ["invalid-document", 2]);
  assert.match(message, "tazpod.tasks.yaml");
});

test("plan returns what would run, and rejects a name that does not exist with the nearest one", async () => {
  const host = await Host.make({ remote: "none" });
  const before = process.env["XDG_STATE_HOME"];
  if (host.env["XDG_STATE_HOME"] !== undefined) process.env["XDG_STATE_HOME"] = host.env["XDG_STATE_HOME"];
  try {
    const { version, target, steps } = await plan(["init"], host.folder);
    assert.equal([version, target, steps.map(({ task }) => task)], [1, "init", ["init"]]);
    const { kind, hint } = await rejection(plan(["entr"], host.folder));
    assert.is(kind, "unknown-name");
    assert.match(hint ?? "", /Did you mean "enter"\?/);
  } finally {
    if (before === undefined) delete process.env["XDG_STATE_HOME"];
    else process.env["XDG_STATE_HOME"] = before;
  }
});

test("a call leaves the handling of signals to the program, during it and after it", async () => {
  const host = await Host.make({ remote: "none" });
  const counts = (): readonly number[] =>
    ["SIGINT", "SIGTERM", "SIGHUP"].map((name) => process.listenerCount(name));
  const before = counts();
  for (const call of [() => loadRecipe(host.folder), () => plan(["init"], host.folder)]) {
    const seen: (readonly number[])[] = [];
    const timer = setInterval(() => seen.push(counts()));
    await call();
    clearInterval(timer);
    for (const now of [...seen, counts()]) assert.equal(now, before);
  }
});

test("listVault and readFromVault read a sealed vault, and say what is wrong with the passphrase or the path", async () => {
  const folder = await newFolder("vault");
  const sealed = await sealInto({
    ...{ folder, passphrase: Secret.fromText("correct horse"), format: "age", limitBytes: 2 ** 20 },
    source: () => tarOf(new Map([["prod/key", "secret"]])),
  });
  const { path } = value(sealed);
  const listed = await listVault(path, "correct horse");
  const key = listed.find((entry) => entry.path === "prod/key");
  assert.equal([key?.type, key?.size], ["file", 6]);
  assert.match(key?.sha256 ?? "", /^[0-9a-f]{64}$/);
  assert.is((await readFromVault(path, "correct horse", "prod/key")).toString(), "secret");
  assert.is((await rejection(listVault(path, "wrong"))).kind, "wrong-passphrase");
  assert.match((await rejection(readFromVault(path, "correct horse", "prod/kye"))).message, "prod/kye");
  assert.is((await rejection(listVault(`${path}.gone`, "x"))).kind, "vault-absent");
});

test.run();
