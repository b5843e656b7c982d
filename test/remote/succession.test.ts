import { cp, readFile, rename, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { checkStaleness } from "../../lib/remote/local-vault.js";
import { mergeRemote } from "../../lib/remote/merge-remote.js";
import { pull } from "../../lib/remote/pull.js";
import { push } from "../../lib/remote/push.js";
import type { Remote } from "../../lib/remote/remote-types.js";
import { revertArrival } from "../../lib/vault/arrival.js";
import { checkNotOlder } from "../../lib/vault/rollback-check.js";
import { inspectVault } from "../../lib/vault/inspect-vault.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";
import { content, open, passphrase, remoteIn, save, signal, twoHosts, vault } from "../rig/two-hosts.js";
import { filesIn } from "../rig/vault-of-files.js";

// What replaces a vault is its successor, or the vault comes back.

test("the replaced vault stays until the pulled one was opened", async () => {
  const { remote, here, there } = await twoHosts();
  await save(there, { key: "2" });
  value(await push({ remote, folder: there }));
  await save(there, { key: "3" });
  value(await push({ remote, folder: there }));
  const before = await readFile(vault(here));
  assert.is((await checkStaleness(remote, here)).state, "newer");
  value(await pull({ remote, folder: here }));
  assert.ok((await readFile(`${vault(here)}.bak-1`)).equals(before));
  // two pulls without an opening between them
  await save(there, { key: "4" });
  value(await push({ remote, folder: there }));
  value(await pull({ remote, folder: here }));
  assert.equal((await readdir(here)).toSorted(), ["vault.tar.aes", "vault.tar.aes.bak-1"]);
  assert.ok((await readFile(`${vault(here)}.bak-1`)).equals(before));
  assert.is(value(await open(here)), undefined);
  assert.equal(await readdir(here), ["vault.tar.aes"]);
  assert.equal(await content(here), { key: "4" });
});

test("a half-synced file comes and goes: the replaced vault is back, and the damaged one is not taken again", async () => {
  const { disk, remote, here } = await twoHosts();
  await truncate(vault(disk), 300);
  value(await pull({ remote, folder: here }));
  failure(await inspectVault(vault(here), passphrase), "vault-damaged");
  assert.ok(value(await revertArrival(here, "damaged")));
  assert.equal(await content(here), { key: "1" });
  assert.equal(await readdir(here), ["vault.tar.aes"]);
  const found = await checkStaleness(remote, here);
  assert.is(found.state, "unknown");
  assert.not.ok(value(await revertArrival(here, "damaged")));
  // once the disk has a good one, it is taken
  const next = await newFolder("next");
  await cp(vault(here), vault(next));
  await save(next, { key: "2" });
  await cp(vault(next), vault(disk));
  assert.is((await checkStaleness(remote, here)).state, "newer");
});

for (const [what, bytes] of Object.entries({
  "a web page": Buffer.from(`<!doctype html><html><body>Log in</body></html>${" ".repeat(400)}`),
  "a text file": Buffer.from("just some notes, and nothing of a vault in them. ".repeat(9)),
  "other bytes": Buffer.from(Array.from({ length: 500 }, (_, index) => (index * 83 + 7) % 256)),
  "an empty file": Buffer.alloc(0),
}))
  test(`${what} at the remote never replaces an age vault`, async () => {
    const { disk, remote, here } = await twoHosts();
    const before = await readFile(vault(here));
    await writeFile(vault(disk), bytes);
    failure(await pull({ remote, folder: here }), "vault-damaged");
    assert.ok((await readFile(vault(here))).equals(before));
    assert.equal(await readdir(here), ["vault.tar.aes"]);
  });

test("a v1 vault is replaced by a v1 vault, and its copy stays because nothing shows the descent", async () => {
  const disk = await newFolder("disk");
  const [remote, here, there] = [await remoteIn(disk), await newFolder(), await newFolder()];
  await save(here, { key: "1" }, "v1");
  value(await push({ remote, folder: here }));
  await save(there, { key: "2" }, "v1");
  await cp(vault(there), vault(disk));
  value(await pull({ remote, folder: here }));
  assert.is(value(await open(here)), `${vault(here)}.bak-1`);
  assert.equal(await content(here), { key: "2" });
});

for (const isKnown of [true, false])
  test(`a vault of another lineage is a divergence, seen ${isKnown ? "in the metadata" : "once it is open"}`, async () => {
    const { disk, remote, here } = await twoHosts();
    const stranger = await newFolder("stranger");
    const elsewhere = await newFolder("elsewhere");
    await save(stranger, { other: "x" });
    await save(stranger, { other: "y" });
    value(
      await push({
        remote: await remoteIn(elsewhere),
        folder: stranger,
        host: "stranger",
      }),
    );
    await cp(vault(elsewhere), vault(disk));
    await rm(`${vault(disk)}.meta.json`);
    if (isKnown) await cp(`${vault(elsewhere)}.meta.json`, `${vault(disk)}.meta.json`);
    if (!isKnown) {
      value(await pull({ remote, folder: here }));
      failure(await open(here), "conflict");
      assert.ok(value(await revertArrival(here, "diverged")));
    }
    assert.is((await checkStaleness(remote, here)).state, "diverged");
    assert.match(failure(await pull({ remote, folder: here }), "conflict").message, /does not contain/);
    assert.equal(await content(here), { key: "1" });
    const { backup = "" } = value(await pull({ remote, folder: here, force: true }));
    assert.equal(Object.fromEntries((await filesIn(backup, passphrase)).files), { key: "1" });
    assert.equal(await content(here), { other: "y" });
  });

test("what a forced pull takes instead of newer work opens, although it is of a lower generation", async () => {
  const { remote, here, there } = await twoHosts();
  await save(there, { key: "2" });
  value(await push({ remote, folder: there }));
  for (const key of ["a", "b", "c"]) await save(here, { key });
  const taken = async () => {
    const { sha256, summary } = value(await inspectVault(vault(here), passphrase));
    const opened = { sha256, content: summary.digest, manifest: summary.manifest };
    return checkNotOlder(here, vault(here), opened);
  };
  value(await taken());
  const mine = await readFile(vault(here));
  value(await pull({ remote, folder: here, force: true }));
  value(await taken());
  assert.equal(await content(here), { key: "2" });
  // an old copy in its place is still found
  await rm(vault(here));
  await save(here, { key: "old" });
  const old = await readFile(vault(here));
  await writeFile(vault(here), mine);
  await save(here, { key: "d" });
  await writeFile(vault(here), old);
  failure(await taken(), "vault-rollback");
});

test("a folder that a sync program has replaced: what this host pushed is not lost, but merged", async () => {
  const { disk, remote: ours, here, there } = await twoHosts();
  const replica = await newFolder("replica");
  await cp(disk, replica, { recursive: true });
  // `there` uses the replica under the same URL
  const apart = async <T>(work: () => Promise<T>): Promise<T> => {
    await rename(disk, `${disk}-a`);
    await rename(replica, disk);
    try {
      return await work();
    } finally {
      await rename(disk, replica);
      await rename(`${disk}-a`, disk);
    }
  };
  await save(here, { key: "1", here: "a" });
  value(await push({ remote: ours, folder: here, host: "here" }));
  await apart(async () => {
    await save(there, { there: "b" });
    value(await push({ remote: ours, folder: there, host: "there" }));
  });
  // the sync program: one vault wins, and both histories are united
  await cp(replica, disk, { recursive: true });
  const found = await checkStaleness(ours, here);
  assert.is(found.state, "diverged");
  assert.not.ok(found.state === "diverged" && found.unpushed);
  failure(await pull({ remote: ours, folder: here }), "conflict");
  const passphrases = async () => ({ ok: true, value: { ours: passphrase, theirs: passphrase } }) as const;
  const merged = value(
    await mergeRemote({
      remote: ours,
      folder: here,
      limitBytes: 2 ** 20,
      passphrases,
      signal,
    }),
  );
  assert.ok(merged.hasBase);
  assert.equal(merged.conflicts, []);
  assert.equal(await content(here), { here: "a", there: "b" });
  value(await push({ remote: ours, folder: here }));
  // and it succeeds what either side had
  assert.is((await checkStaleness(ours, there)).state, "newer");
});

test("a vault that this host has synced and that is gone is an alarm, not an empty remote", async () => {
  const { disk, remote, here } = await twoHosts();
  const unplugged = `${disk}-unplugged`;
  await cp(disk, unplugged, { recursive: true });
  await rm(vault(disk));
  const found = await checkStaleness(remote, here);
  assert.is(found.state === "unknown" && found.failure.kind, "remote-vanished");
  failure(await pull({ remote, folder: here }), "remote-vanished");
  await save(here, { key: "2" });
  failure(await push({ remote, folder: here }), "remote-vanished");
  assert.not.ok((await readdir(disk)).includes("vault.tar.aes"));
  assert.ok(value(await push({ remote, folder: here, force: true })).wasGone);
});

test("a vault that descends from one this host has sealed and not recorded as pushed is newer", async () => {
  const { remote, here, there } = await twoHosts();
  await save(here, { key: "2" });
  const lost: Remote = {
    ...remote,
    upload: async (request) => {
      value(await remote.upload(request));
      return {
        ok: false,
        failure: {
          kind: "remote-unavailable",
          url: remote.url,
          reason: "lost",
        },
      };
    },
  };
  failure(await push({ remote: lost, folder: here }), "remote-unavailable");
  value(await pull({ remote, folder: there }));
  await save(there, { key: "3" });
  value(await push({ remote, folder: there }));
  assert.is((await checkStaleness(remote, here)).state, "newer");
  value(await pull({ remote, folder: here }));
  assert.equal(await content(here), { key: "3" });
});

test("a vault that was saved on top of a pulled one is not replaced by what was there before", async () => {
  const { remote, here, there } = await twoHosts();
  await save(there, { key: "2" });
  value(await push({ remote, folder: there }));
  value(await pull({ remote, folder: here }));
  await save(here, { key: "3" });
  assert.not.ok(value(await revertArrival(here, "damaged")));
  assert.equal(await content(here), { key: "3" });
});

test("a v1 vault whose metadata shows the descent needs no copy of the replaced one", async () => {
  const remote = await remoteIn(await newFolder("disk"));
  const [here, there] = [await newFolder(), await newFolder()];
  await save(here, { key: "1" }, "v1");
  value(await push({ remote, folder: here }));
  value(await pull({ remote, folder: there }));
  await save(there, { key: "2" }, "v1");
  value(await push({ remote, folder: there }));
  value(await pull({ remote, folder: here }));
  assert.is(value(await open(here)), undefined);
  assert.equal(await readdir(here), ["vault.tar.aes"]);
});

test("a vault of a host that has no state, sealed on top of ours, descends from it by its parent", async () => {
  const { disk, remote, here } = await twoHosts();
  const next = await newFolder("next");
  await cp(vault(here), vault(next));
  await save(next, { key: "2" });
  await cp(vault(next), vault(disk));
  value(await pull({ remote, folder: here }));
  assert.is(value(await open(here)), undefined);
  assert.equal(await readdir(here), ["vault.tar.aes"]);
});

test.run();
