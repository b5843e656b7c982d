import { copyFileSync } from "node:fs";
import { copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { Secret } from "../../lib/host/secret.js";
import { inspectVault } from "../../lib/vault/inspect-vault.js";
import { type MergeRequest, mergeInto } from "../../lib/vault/merge-into.js";
import { sealInto, type SealRequest } from "../../lib/vault/seal-into.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";
import { filesIn, tarOf } from "../rig/vault-of-files.js";

const test = suite("merge into the local vault");
const [old, fresh] = [Secret.fromText("old"), Secret.fromText("new")];

/** Seals these files, and returns the path. */
async function vault(
  files: Readonly<Record<string, string>>,
  more: Partial<Pick<SealRequest, "passphrase" | "format" | "from">> = {},
): Promise<string> {
  const request = { passphrase: old, format: "age", limitBytes: 2 ** 20, ...more } as const;
  const source = () => tarOf(new Map(Object.entries(files)));
  return value(await sealInto({ ...request, folder: await newFolder(), source })).path;
}

/** Merges the vault at `ours`, with the folder it is in, and the one at `theirs`. */
async function merge(ours: string, theirs: string, more: Partial<MergeRequest> = {}) {
  const request = {
    ours: { path: ours, passphrase: old },
    theirs: { path: theirs, passphrase: old },
    folder: join(ours, ".."),
    limitBytes: 2 ** 20,
  };
  return mergeInto(Object.defineProperties(request, Object.getOwnPropertyDescriptors(more)));
}

test("the merged vault replaces the local one, which is kept", async () => {
  const ours = await vault({ here: "a" });
  const before = await readFile(ours);
  const merged = value(await merge(ours, await vault({ there: "b" })));
  assert.equal(Object.fromEntries((await filesIn(ours, old)).files), { here: "a", there: "b" });
  assert.ok((await readFile(merged.kept)).equals(before));
  assert.is(join(merged.kept, ".."), join(ours, "..", "conflicts"));
});

test("a local vault that was saved during the merge stays, and nothing is merged", async () => {
  const [ours, saved] = [await vault({ here: "a" }), await vault({ here: "saved meanwhile" })];
  const replacing: Partial<MergeRequest> = {
    // it is read after both vaults were
    get base() {
      copyFileSync(saved, ours);
      return undefined as never;
    },
  };
  failure(await merge(ours, await vault({ there: "b" }), replacing), "conflict");
  assert.ok((await readFile(ours)).equals(await readFile(saved)));
  assert.equal(await readdir(join(ours, "..")), ["vault.tar.aes"]);
});

test("if the passphrases differ, the one that does not open the common version seals", async () => {
  const base = await vault({ key: "1" });
  const [mine, theirs] = [await vault({ key: "2" }), await vault({ key: "1" }, { passphrase: fresh })];
  const changedThere = await merge(mine, theirs, { base, theirs: { path: theirs, passphrase: fresh } });
  assert.is(value(changedThere).passphrase, fresh);
  value(await inspectVault(mine, fresh));
  const [changed, others] = [await vault({ key: "2" }, { passphrase: fresh }), await vault({ key: "1" })];
  const changedHere = await merge(changed, others, { base, ours: { path: changed, passphrase: fresh } });
  assert.is(value(changedHere).passphrase, fresh);
  value(await inspectVault(changed, fresh));
});

test("without the common version, the passphrase of the remote's vault seals, unless the local one was changed here", async () => {
  for (const passphraseChanged of [false, true]) {
    const [ours, theirs] = [await vault({ key: "1" }), await vault({ key: "1" }, { passphrase: fresh })];
    const request = { passphraseChanged, theirs: { path: theirs, passphrase: fresh } };
    const { passphrase } = value(await merge(ours, theirs, request));
    assert.is(passphrase, passphraseChanged ? old : fresh);
    value(await inspectVault(ours, passphrase));
  }
});

test("the merged vault is newer than both, and descends from theirs", async () => {
  const lineage = ["aaaaaaaaaaaa", "bbbbbbbbbbbb"];
  for (const [here, there] of [
    [4, 7],
    [7, 4],
  ] as const) {
    const ours = await vault({ a: "1" }, { from: { generation: here } });
    const theirs = await vault({ b: "1" }, { from: { generation: there, lineage } });
    const { sha256 } = value(await inspectVault(theirs, old));
    value(await merge(ours, theirs));
    const { manifest } = value(await inspectVault(ours, old)).summary;
    assert.is(manifest?.generation, Math.max(here + 1, there + 1) + 1);
    assert.is(manifest?.parent?.sealed, sha256);
    assert.equal(manifest?.lineage, lineage);
  }
});

test("an age vault stays one, whichever side it is on, and two v1 vaults make a v1 vault", async () => {
  for (const [here, there, result] of [
    ["age", "v1", "age"],
    ["v1", "age", "age"],
    ["v1", "v1", "v1"],
  ] as const) {
    const ours = await vault({ a: "1" }, { format: here });
    value(await merge(ours, await vault({ b: "1" }, { format: there })));
    assert.is(value(await inspectVault(ours, old)).format, result, `${here} and ${there}`);
  }
});

test("a common version that neither passphrase opens is none", async () => {
  const [ours, theirs] = [await vault({ a: "1" }), await vault({ b: "1" })];
  const base = join(await newFolder(), "base");
  await copyFile(await vault({ a: "1" }, { passphrase: fresh }), base);
  assert.not.ok(value(await merge(ours, theirs, { base })).hasBase);
  assert.equal([...(await filesIn(ours, old)).files.keys()].toSorted(), ["a", "b"]);
});

test.run();
