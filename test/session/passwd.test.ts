// needs: engine, script
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { Secret } from "../../lib/host/secret.js";
import { inspectVault } from "../../lib/vault/inspect-vault.js";
import { Host, passphrase, removeHosts } from "../rig/host.js";
import { failure, value } from "../rig/result.js";
import { fixture } from "../rig/root.js";
import { folderRemote, withSealed } from "../rig/with-vault.js";

const fresh = "another horse, another battery";

test.after(removeHosts);

/** A project with a vault made by a Go version of tazpod; the passphrase is the test rig's. */
async function goHost(): Promise<Host> {
  const host = await Host.make({ remote: "none" });
  await mkdir(host.path(".tazpod", "vault"));
  await copyFile(fixture("vectors-v1", "operator.tar.aes"), host.vault);
  return host;
}

const opens = (host: Host, word: string) => inspectVault(host.vault, Secret.fromText(word));

test("upgrade asks for the old passphrase and twice for the new one; then only the new one opens the vault, in age format", async () => {
  const host = await goHost();
  const pty = host.pty("upgrade");
  await pty.secret("Passphrase of the vault:", passphrase);
  await pty.secret(/New passphrase of the vault .*:/, fresh);
  await pty.secret(/Repeat it .*:/, fresh);
  assert.is(await pty.ended, 0, pty.screen);
  assert.not.match(pty.screen, "horse");
  assert.is(value(await opens(host, fresh)).format, "age");
  failure(await opens(host, passphrase), "wrong-passphrase");
  const again = await host.tazpod("upgrade", "--passphrase-file", await fileWith(host, fresh));
  assert.is(again.code, 0, again.stderr);
  assert.match(again.stderr, "already");
});

async function fileWith(host: Host, word: string): Promise<string> {
  const path = host.path("new-pass");
  await writeFile(path, `${word}\n`, { mode: 0o600 });
  return path;
}

test("passwd runs without a terminal when both passphrases are in files", async () => {
  const host = await Host.make({ remote: "none" });
  assert.is((await host.run("create")).code, 0);
  const done = await host.run("passwd", "--new-passphrase-file", await fileWith(host, fresh));
  assert.is(done.code, 0, done.stderr);
  value(await opens(host, fresh));
  failure(await opens(host, passphrase), "wrong-passphrase");
});

test("without a source for the new passphrase nothing changes, and the message names the option", async () => {
  const host = await goHost();
  const before = await readFile(host.vault);
  const done = await host.run("passwd");
  assert.is(done.code, 4);
  assert.match(done.stderr, "--new-passphrase-file");
  const wrong = await host.tazpod("passwd", "--passphrase-file", await fileWith(host, "wrong"));
  assert.is(wrong.code, 1);
  assert.match(wrong.stderr, /passphrase is wrong/);
  assert.ok((await readFile(host.vault)).equals(before));
});

test("while the vault is open both commands are refused, with what to do", async () => {
  const host = await Host.make({ remote: "none" });
  assert.is((await host.run("create")).code, 0);
  assert.is((await host.run("unlock")).code, 0);
  for (const task of ["passwd", "upgrade"]) {
    const done = await host.run(task, "--new-passphrase-file", await fileWith(host, fresh));
    assert.is(done.code, 3, done.stderr);
    assert.match(done.stderr, "Save and lock it first");
  }
});

test("a vault that is opened while the new passphrase is typed keeps the old one, and its shell can save", async () => {
  const host = await withSealed("none");
  const before = await readFile(host.vault);
  const pty = host.pty("passwd");
  await pty.secret("Old passphrase of the vault:", passphrase);
  await pty.expect(/New passphrase of the vault .*:/);
  assert.is((await host.run("unlock")).code, 0);
  pty.line(fresh);
  await pty.secret(/Repeat it .*:/, fresh);
  assert.is(await pty.ended, 3, pty.screen);
  assert.match(pty.screen, /The vault is open, so it was not replaced/);
  assert.ok((await readFile(host.vault)).equals(before));
  await host.inside("echo new > ~/secrets/new");
  const locked = await host.run("lock");
  assert.is(locked.code, 0, locked.stderr);
  value(await opens(host, passphrase));
});

test("passwd does not turn an old copy of the vault into a new one", async () => {
  const host = await withSealed("none");
  const old = await readFile(host.vault);
  assert.is((await host.enter("echo 2 > ~/secrets/key")).code, 0);
  await writeFile(host.vault, old);
  const done = await host.run("passwd", "--new-passphrase-file", await fileWith(host, fresh));
  assert.is(done.code, 1, done.stderr);
  assert.match(done.stderr, /is older than a vault this host has opened before/);
  assert.ok((await readFile(host.vault)).equals(old));
});

test("passwd right after a pull leaves no copy of the replaced vault, which opens with the old passphrase", async () => {
  const url = await folderRemote();
  const one = await withSealed(url);
  const two = await Host.make({ remote: url });
  assert.is((await two.run("pull")).code, 0);
  assert.is((await two.enter("true")).code, 0);
  assert.is((await one.enter("echo 2 > ~/secrets/key")).code, 0);
  assert.is((await two.run("pull")).code, 0);
  const done = await two.run("passwd", "--new-passphrase-file", await fileWith(two, fresh));
  assert.is(done.code, 0, done.stderr);
  assert.equal(await readdir(two.path(".tazpod", "vault")), ["vault.tar.aes"]);
});

test.run();
