import { copyFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { ok } from "../../lib/failure/result.js";
import { projectState } from "../../lib/host/project-state.js";
import { Secret } from "../../lib/host/secret.js";
import { mergeRemote } from "../../lib/remote/merge-remote.js";
import { pull } from "../../lib/remote/pull.js";
import { purge } from "../../lib/remote/prune.js";
import { push } from "../../lib/remote/push.js";
import type { Remote, RemoteObject } from "../../lib/remote/remote-types.js";
import { inspectVault } from "../../lib/vault/inspect-vault.js";
import { reseal } from "../../lib/vault/reseal.js";
import { withVaultInPlace } from "../../lib/vault/store.js";
import { readState } from "../../lib/vault/vault-state.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";
import { content, passphrase, remoteIn, save, signal, twoHosts, vault } from "../rig/two-hosts.js";

// What is only known after the download, and what a failed merge leaves.

const merge = (remote: Remote, folder: string, theirs: Secret) =>
  mergeRemote({
    ...{ remote, folder, signal, limitBytes: 2 ** 20 },
    passphrases: async () => ok({ ours: passphrase, theirs }),
  });

/** `here` and `there` have each changed the vault; `there` has pushed. */
async function diverged() {
  const made = await twoHosts();
  const { remote, here, there } = made;
  await save(there, { key: "1", there: "b" });
  value(await push({ remote, folder: there, host: "there" }));
  await save(here, { key: "1", here: "a" });
  return made;
}

test("a merge that fails leaves no file, and the remote's vault does not count as seen", async () => {
  const { remote, here } = await diverged();
  const before = await readdir(here);
  failure(await merge(remote, here, Secret.fromText("another one")), "wrong-passphrase");
  assert.equal(await readdir(here), before);
  failure(await push({ remote, folder: here }), "conflict");
});

test("what is wrong with the remote's vault is told of that, not of the file it was downloaded to", async () => {
  const { disk, remote, here } = await diverged();
  const other = failure(await merge(remote, here, Secret.fromText("another one")), "wrong-passphrase");
  assert.is(other.path, remote.url);
  const bytes = await readFile(vault(disk));
  await writeFile(vault(disk), bytes.subarray(0, -20));
  const damaged = failure(await merge(remote, here, passphrase), "vault-damaged");
  assert.equal([damaged.path, damaged.isRemote], [remote.url, true]);
});

test("a merge keeps both sides, leaves nothing but the previous vault, and can be pushed", async () => {
  const { remote, here } = await diverged();
  const before = await readdir(here);
  const { kept } = value(await merge(remote, here, passphrase));
  assert.equal(
    (await readdir(here)).filter((name) => !before.includes(name)),
    ["conflicts"],
  );
  assert.ok((await stat(kept)).isFile());
  assert.equal(await content(here), { key: "1", here: "a", there: "b" });
  assert.ok(value(await push({ remote, folder: here })).uploaded);
});

test("a passphrase that one host has changed stays changed after a merge, also if the old copies were purged", async () => {
  const fresh = Secret.fromText("another horse, another battery");
  for (const changedHere of [false, true]) {
    const { remote, here, there } = await twoHosts();
    await save(changedHere ? there : here, { key: "2" });
    value(await reseal({ path: vault(changedHere ? here : there), from: passphrase, to: fresh }));
    value(await push({ remote, folder: there, host: "there" }));
    value(await purge({ remote, folder: there }));
    const [ours, theirs] = changedHere ? [fresh, passphrase] : [passphrase, fresh];
    const passphrases = async () => ok({ ours, theirs });
    value(await mergeRemote({ remote, folder: here, signal, limitBytes: 2 ** 20, passphrases }));
    value(await inspectVault(vault(here), fresh));
    value(await push({ remote, folder: here }));
    assert.not.ok(value(await readState(here)).state.passphraseChanged);
  }
});

/** The remote as a server without metadata shows it: not even the hash is known before a download. */
function withoutMetadata(remote: Remote): Remote {
  const bare = ({ etag, bytes, modified }: RemoteObject): RemoteObject => ({ etag, bytes, modified });
  return {
    ...remote,
    head: async () => {
      const found = await remote.head(signal);
      return found.state === "present" ? { ...found, object: bare(found.object) } : found;
    },
    download: async (request) => {
      const done = await remote.download(request);
      return done.ok ? ok(bare(done.value)) : done;
    },
  };
}

test("a vault without metadata that differs from an unpushed one of the same size does not replace it", async () => {
  const { disk, remote, here } = await twoHosts();
  await save(here, { key: "2" });
  const ours = await readFile(vault(here));
  const other = Buffer.from(ours);
  other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
  for (const name of await readdir(disk)) await rm(`${disk}/${name}`, { recursive: true });
  await writeFile(vault(disk), other);
  failure(await pull({ remote: withoutMetadata(remote), folder: here }), "conflict");
  assert.ok((await readFile(vault(here))).equals(ours));
});

test("a vault that comes between the look and the download does not replace what it lacks", async () => {
  const { disk, remote, here, there } = await twoHosts();
  await save(there, { key: "2" });
  value(await push({ remote, folder: there, host: "there" }));
  const seen = await remote.head(signal);
  // another lineage, which has neither vault
  const [apart, elsewhere] = [await newFolder("apart"), await twoHosts()];
  await copyFile(vault(elsewhere.there), vault(apart));
  await save(elsewhere.there, { other: "3" });
  value(await push({ remote: elsewhere.remote, folder: elsewhere.there, host: "elsewhere" }));
  for (const name of await readdir(disk)) await rm(`${disk}/${name}`, { recursive: true });
  for (const name of await readdir(elsewhere.disk)) {
    const from = `${elsewhere.disk}/${name}`;
    if ((await stat(from)).isFile()) await copyFile(from, `${disk}/${name}`);
  }
  const before = await readFile(vault(here));
  failure(await pull({ remote: { ...remote, head: async () => seen }, folder: here }), "conflict");
  assert.ok((await readFile(vault(here))).equals(before));
});

test("an older vault than was seen is an alarm before anything is downloaded", async () => {
  const { disk, remote, here, there } = await twoHosts();
  const old = await newFolder("old");
  const names = (await readdir(disk)).filter((name) => name.startsWith("vault.tar.aes"));
  for (const name of names)
    if ((await stat(`${disk}/${name}`)).isFile()) await copyFile(`${disk}/${name}`, `${old}/${name}`);
  await save(there, { key: "2" });
  value(await push({ remote, folder: there, host: "there" }));
  value(await pull({ remote, folder: here }));
  for (const name of await readdir(old)) await copyFile(`${old}/${name}`, `${disk}/${name}`);
  let downloads = 0;
  const counting: Remote = { ...remote, download: (request) => ((downloads += 1), remote.download(request)) };
  failure(await pull({ remote: counting, folder: here }), "remote-rollback");
  assert.is(downloads, 0);
});

test("bytes that this host neither sealed nor pulled are not pushed if only its own are wanted", async () => {
  const { remote, here, there } = await twoHosts();
  await save(there, { key: "2" });
  await copyFile(vault(there), vault(here));
  failure(await push({ remote, folder: here, ownOnly: true }), "vault-unknown");
  assert.ok(value(await push({ remote, folder: there, ownOnly: true })).uploaded);
});

test("a push while another session saves waits until that has recorded what it wrote", async () => {
  const { remote, here } = await twoHosts();
  const record = join(projectState(here), "state.json");
  const before = await readFile(record);
  await save(here, { key: "2" });
  const after = await readFile(record);
  // the vault has its name already
  await writeFile(record, before);
  const pushing = push({ remote, folder: here, ownOnly: true });
  await sleep(300);
  await writeFile(record, after);
  assert.ok(value(await pushing).uploaded);
});

test("what this host has seen at one remote only is not overwritten at another", async () => {
  const { disk, here } = await twoHosts();
  const other = await newFolder("other");
  await copyFile(vault(disk), vault(other));
  const theirs = await readFile(vault(other));
  await save(here, { key: "2" });
  failure(await push({ remote: await remoteIn(other), folder: here }), "conflict");
  assert.ok((await readFile(vault(other))).equals(theirs));
});

test("a push is a failure if the remote does not have every byte of it", async () => {
  const { remote, here } = await twoHosts();
  await save(here, { key: "2" });
  let written = false;
  const losing: Remote = {
    ...remote,
    upload: async (request) => ((written = true), remote.upload(request)),
    head: async () => {
      const found = await remote.head(signal);
      if (!written || found.state !== "present") return found;
      return { ...found, object: { ...found.object, bytes: found.object.bytes - 1 } };
    },
  };
  const { reason } = failure(await push({ remote: losing, folder: here }), "remote-unavailable");
  assert.match(reason, /accepted the vault but has only \d+ of \d+ bytes/);
});

test("a pull waits while another tazpod replaces the vault, and then sees what that has made", async () => {
  const { remote, here, there } = await twoHosts();
  await save(there, { key: "2" });
  value(await push({ remote, folder: there, host: "there" }));
  const bytes = await readFile(vault(there));
  await save(there, { key: "3" });
  let fetched: () => void = () => undefined;
  const downloaded = new Promise<void>((resolve) => (fetched = resolve));
  const [pulled] = await withVaultInPlace(here, async () => {
    const running = pull({ remote, folder: here, onStep: (step) => step === "fetched" && fetched() });
    await downloaded;
    // time enough for a pull that does not wait
    await sleep(300);
    assert.not.ok((await readFile(vault(here))).equals(bytes));
    await copyFile(vault(there), vault(here));
    return [running];
  });
  failure(await pulled, "conflict");
  assert.equal(await content(here), { key: "3" });
});

test.run();
