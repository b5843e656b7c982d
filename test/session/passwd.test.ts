// needs: engine, script
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { Secret } from "../../lib/host/secret.js";
import { inspectVault } from "../../lib/vault/inspect-vault.js";
import { Host, passphrase, removeHosts } from "../rig/host.js";
import { failure, value } from "../rig/result.js";
import { fixture } from "../rig/root.js";

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

test.run();
