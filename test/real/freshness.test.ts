// needs: engine, script
// time limit: 900 s
import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { unlocked } from "../rig/behind-proxy.js";
import { Host, passphrase, removeHosts } from "../rig/host.js";
import { folderRemote, withSealed } from "../rig/with-vault.js";

// An outdated or diverged vault is noticed before it is opened, without a long wait for the remote.

test.after(removeHosts);

/** Two hosts with the same vault, which contains `key`, locked and pushed. */
async function twoHosts(): Promise<{ one: Host; two: Host }> {
  const url = await folderRemote();
  const one = await withSealed(url);
  const two = await Host.make({ remote: url });
  const first = await two.enter("cat ~/secrets/key");
  assert.is(first.stdout, "kept", first.stderr);
  return { one, two };
}

async function change(host: Host, script: string, ...options: string[]): Promise<void> {
  const done = await host.enter(script, ...options);
  assert.is(done.code, 0, done.stderr);
}

/** Saves a change without pushing it. */
async function changeHere(host: Host, script: string): Promise<void> {
  assert.is((await host.run("unlock")).code, 0);
  await host.inside(script);
  assert.is((await host.run("lock")).code, 0);
}

test("an outdated vault: the newer one's host and time are shown, and Enter pulls it", async () => {
  const { one, two } = await twoHosts();
  await change(one, "echo newer > ~/secrets/key");
  const pty = two.pty();
  await unlocked(pty);
  await pty.expect(/pushed a newer vault to file:.* just now\. Pull it\? \[Y\/n\]/);
  pty.line("");
  await pty.expect("$ ");
  pty.line("cat ~/secrets/key; exit");
  await pty.expect("newer\r");
  assert.is(await pty.ended, 0, pty.screen);
  assert.is(pty.screen.match(/Passphrase/g)?.length, 1, pty.screen);
});

test("--yes pulls the newer vault, and the answer no opens the older one", async () => {
  const { one, two } = await twoHosts();
  await change(one, "echo newer > ~/secrets/key");
  const pty = two.pty();
  await unlocked(pty);
  await pty.expect("Pull it?");
  pty.line("n");
  await pty.expect("$ ");
  pty.line("cat ~/secrets/key; exit");
  await pty.expect("kept");
  assert.is(await pty.ended, 0, pty.screen);
  assert.is((await two.enter("cat ~/secrets/key")).stdout, "newer\n");
});

test("without a way to ask, a newer vault is reported and nothing is opened", async () => {
  const { one, two } = await twoHosts();
  await change(one, "echo newer > ~/secrets/key");
  const done = await two.tazpod("unlock", "--passphrase-file", two.passphraseFile);
  assert.is(done.code, 4, done.stderr);
  assert.match(done.stderr, /pushed a newer vault/);
  assert.is(await two.secrets(), "");
});

test("a passphrase that was changed on another host is asked for after the newer vault was pulled", async () => {
  const { one, two } = await twoHosts();
  const fresh = await Host.make(null);
  const other = `${passphrase}, and more`;
  await writeFile(fresh.passphraseFile, other, { mode: 0o600 });
  assert.is((await one.run("passwd", "--new-passphrase-file", fresh.passphraseFile)).code, 0);
  assert.is((await one.run("push")).code, 0);
  const pty = two.pty();
  await unlocked(pty);
  await pty.expect("Pull it?");
  pty.line("");
  await pty.expect("the passphrase was changed on another host. 2 more tries.");
  await pty.secret("Passphrase of the vault:", other);
  await pty.expect("$ ");
  pty.line("cat ~/secrets/key; exit");
  await pty.expect("kept");
  assert.is(await pty.ended, 0, pty.screen);
});

test("diverged vaults are reported before the shell opens, merged on Enter, pushed on request, and complete on both hosts", async () => {
  const { one, two } = await twoHosts();
  await changeHere(two, "echo two > ~/secrets/two; echo 2 > ~/secrets/key");
  await change(one, "echo one > ~/secrets/one; echo 1 > ~/secrets/key");
  const pty = two.pty();
  await unlocked(pty);
  await pty.expect(/pushed a newer vault .*, and the local vault has unpushed changes\. Merge them\?/s);
  pty.line("");
  await pty.expect(/merged: \d+ changed here, 1 there, 1 in conflict/);
  await pty.expect('"key" was changed on both sides: "key.ours" and "key.theirs"');
  await pty.expect("Push it to file://");
  pty.line("");
  await pty.expect("$ ");
  pty.line("cd ~/secrets; cat one two key.ours key.theirs; rm key.*; echo 3 > key; exit");
  await pty.expect(/one\r\ntwo\r\n2\r\n1\r\n/);
  assert.is(await pty.ended, 0, pty.screen);
  const there = await one.enter("cd ~/secrets; cat one two key; ls");
  assert.match(there.stdout, /^one\ntwo\n3\nkey\none\ntwo\n$/, there.stderr);
});

test.run();
