import { spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import { copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { ok } from "../../lib/failure/result.js";
import { noTarWarnings } from "../../lib/vault/archive/tar-warnings.js";
import { Secret } from "../../lib/host/secret.js";
import type { VaultFormat } from "../../lib/vault/vault-format.js";
import { inspectVault } from "../../lib/vault/inspect-vault.js";
import { reseal } from "../../lib/vault/reseal.js";
import { sealInto } from "../../lib/vault/seal-into.js";
import { cleanLeftovers } from "../../lib/vault/store.js";
import { newFolder } from "../rig/folder.js";
import { rawTar } from "../rig/hostile-tar.js";
import { failure, value } from "../rig/result.js";
import { fixture, repository } from "../rig/root.js";

const test = suite("reseal");
const [old, fresh] = [Secret.fromText("old"), Secret.fromText("new")];

async function vault(format: VaultFormat): Promise<string> {
  const made = await sealInto({
    folder: await newFolder(),
    source: () => ({
      tar: Readable.from([rawTar([{ name: "key", content: "a key" }])]),
      done: Promise.resolve(ok(noTarWarnings)),
    }),
    passphrase: old,
    format,
    limitBytes: 1024 * 1024,
  });
  return value(made).path;
}

for (const format of ["v1", "age"] as const) {
  test(`a ${format} vault opens with the new passphrase only and has the same content`, async () => {
    const path = await vault(format);
    const before = value(await inspectVault(path, old));
    value(await reseal({ path, from: old, to: fresh }));
    failure(await inspectVault(path, old), "wrong-passphrase");
    const after = value(await inspectVault(path, fresh));
    assert.is(after.format, format);
    assert.is(after.summary.digest, before.summary.digest);
    assert.equal((await readdir(join(path, ".."))).toSorted(), ["vault.tar.aes"]);
    if (format === "age") {
      assert.is(after.summary.manifest?.generation, 2);
      assert.equal(after.summary.manifest?.parent, { sealed: before.sha256, content: before.summary.digest });
    }
  });
}

test("upgrading a vault of the Go program keeps every file and reports omitted ones", async () => {
  const path = join(await newFolder(), "vault.tar.aes");
  await copyFile(fixture("vectors-v1", "operator.tar.aes"), path);
  const from = Secret.fromText("correct horse battery");
  const before = value(await inspectVault(path, from));
  const sealed = value(await reseal({ path, from, to: fresh, format: "age" }));
  assert.equal(sealed.summary.dropped, before.summary.dropped);
  const after = value(await inspectVault(path, fresh));
  assert.is(after.format, "age");
  assert.is(after.summary.digest, before.summary.digest);
});

test("a wrong passphrase, or a vault replaced in the meantime, changes nothing", async () => {
  const path = await vault("age");
  const bytes = await readFile(path);
  failure(await reseal({ path, from: fresh, to: old }), "wrong-passphrase");
  assert.ok((await readFile(path)).equals(bytes));
  const other = await vault("age");
  const meanwhile = await readFile(other);
  const refused = await reseal({
    path,
    from: old,
    to: fresh,
    onStep: (step) => (step === "verified" ? copyFileSync(other, path) : undefined),
  });
  failure(refused, "conflict");
  assert.ok((await readFile(path)).equals(meanwhile));
  assert.equal((await readdir(join(path, ".."))).toSorted(), ["vault.tar.aes"]);
});

for (const step of ["created", "writing", "written", "verified", "replaced"] as const) {
  test(`killed with SIGKILL at "${step}": the vault opens with the ${step === "replaced" ? "new" : "old"} passphrase`, async () => {
    const path = await vault("v1");
    const victim = spawn(process.execPath, [join(repository, "dist/test/fake/reseal-victim.js"), path, step]);
    const signal = await new Promise((resolve) => victim.once("exit", (_code, by) => resolve(by)));
    assert.is(signal, "SIGKILL");
    value(await inspectVault(path, step === "replaced" ? fresh : old));
    value(await cleanLeftovers(join(path, "..")));
    assert.equal((await readdir(join(path, ".."))).toSorted(), ["vault.tar.aes"]);
  });
}

test.run();
