// needs: docker, s3, script
// time limit: 400 s
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FaultProxy } from "../fake/fault-proxy.js";
import { behindProxy, unlocked } from "../rig/behind-proxy.js";
import { Host, passphrase, removeHosts } from "../rig/host.js";
import { folderRemote, withVault } from "../rig/with-vault.js";

// A vault that is behind, or has gone another way, is noticed before it is opened; and nobody waits long for the answer.

test.after(removeHosts);

const head = /^HEAD .*vault\.tar\.aes/;

/** Two hosts with the same vault, which holds `key`, locked and pushed. */
async function twoHosts(): Promise<{ one: Host; two: Host }> {
  const url = await folderRemote();
  const one = await withVault(url);
  const two = await Host.make({ remote: url });
  const first = await two.enter("cat ~/secrets/key");
  assert.is(first.stdout, "kept", first.stderr);
  return { one, two };
}

async function change(host: Host, script: string, ...options: string[]): Promise<void> {
  const done = await host.enter(script, ...options);
  assert.is(done.code, 0, done.stderr);
}

/** Saves a change, and does not push it. */
async function changeHere(host: Host, script: string): Promise<void> {
  assert.is((await host.run("unlock")).code, 0);
  await host.inside(script);
  assert.is((await host.run("lock")).code, 0);
}

test("a vault that is behind: who pushed a newer one and when is said, and Enter takes it", async () => {
  const { one, two } = await twoHosts();
  await change(one, "echo newer > ~/secrets/key");
  const pty = two.pty();
  await unlocked(pty);
  await pty.expect(/pushed a newer vault to file:.* just now\. Take it\? \[Y\/n\]/);
  pty.line("");
  await pty.expect("$ ");
  pty.line("cat ~/secrets/key; exit");
  await pty.expect("newer\r");
  assert.is(await pty.ended, 0, pty.screen);
  assert.is(pty.screen.match(/Passphrase/g)?.length, 1, pty.screen);
});

test("--yes takes the newer vault, and no opens the older one", async () => {
  const { one, two } = await twoHosts();
  await change(one, "echo newer > ~/secrets/key");
  const pty = two.pty();
  await unlocked(pty);
  await pty.expect("Take it?");
  pty.line("n");
  await pty.expect("$ ");
  pty.line("cat ~/secrets/key; exit");
  await pty.expect("kept");
  assert.is(await pty.ended, 0, pty.screen);
  assert.is((await two.enter("cat ~/secrets/key")).stdout, "newer\n");
});

test("without an answer to be had, a newer vault is said and nothing is opened", async () => {
  const { one, two } = await twoHosts();
  await change(one, "echo newer > ~/secrets/key");
  const done = await two.tazpod("unlock", "--passphrase-file", two.passphraseFile);
  assert.is(done.code, 4, done.stderr);
  assert.match(done.stderr, /pushed a newer vault/);
  assert.is(await two.secrets(), "");
});

test("a passphrase that was changed elsewhere is asked for once the newer vault is here", async () => {
  const { one, two } = await twoHosts();
  const fresh = await Host.make(null);
  const other = `${passphrase}, and more`;
  await writeFile(fresh.passphraseFile, other, { mode: 0o600 });
  assert.is((await one.run("passwd", "--new-passphrase-file", fresh.passphraseFile)).code, 0);
  assert.is((await one.run("push")).code, 0);
  const pty = two.pty();
  await unlocked(pty);
  await pty.expect("Take it?");
  pty.line("");
  await pty.expect("That does not open it. 2 more tries.");
  await pty.secret("Passphrase of the vault:", other);
  await pty.expect("$ ");
  pty.line("cat ~/secrets/key; exit");
  await pty.expect("kept");
  assert.is(await pty.ended, 0, pty.screen);
});

test("both have changed: said before the shell opens, merged on Enter, pushed when asked, and both hosts have both", async () => {
  const { one, two } = await twoHosts();
  await changeHere(two, "echo two > ~/secrets/two; echo 2 > ~/secrets/key");
  await change(one, "echo one > ~/secrets/one; echo 1 > ~/secrets/key");
  const pty = two.pty();
  await unlocked(pty);
  await pty.expect(
    /pushed a newer vault .*, and the vault here has changes that were not pushed\. Merge them\?/s,
  );
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

test("a vault that is current: one look at the remote, no question, and nothing more is asked of it", async () => {
  const { host, proxy } = await behindProxy();
  const pty = host.pty();
  await unlocked(pty);
  await pty.expect("$ ");
  pty.line("cat ~/secrets/key; exit");
  await pty.expect("kept");
  assert.is(await pty.ended, 0, pty.screen);
  assert.not.match(pty.screen, /newer|not known/);
  assert.is(proxy.requests.length, 1, proxy.requests.join("\n"));
  assert.match(proxy.requests[0] ?? "", head);
  await proxy.stop();
});

test("no answer within a second: the shell opens and says so, and what comes later is said at the end", async () => {
  const { host, proxy, remote } = await behindProxy();
  const other = await Host.make({ remote });
  await change(other, "echo newer > ~/secrets/key");
  let release = (): void => undefined;
  proxy.spoil(head, { kind: "hold", until: new Promise((resolve) => (release = resolve)) });
  const pty = host.pty();
  await unlocked(pty);
  await pty.expect("has a newer vault is not known: no answer within 1 s.");
  await pty.expect("$ ");
  release();
  pty.line("cat ~/secrets/key; sleep 2; exit");
  await pty.expect("kept");
  await pty.expect("pushed a newer vault");
  await pty.expect("the answer came after the vault was opened");
  assert.is(await pty.ended, 0, pty.screen);
  await proxy.stop();
});

test("a gateway that never answers holds neither the shell nor the end", async () => {
  const { host, proxy } = await behindProxy();
  proxy.spoil(/./, { kind: "stall" }, Infinity);
  const done = await host.enter("cat ~/secrets/key");
  assert.is(done.stdout, "kept");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /not known: no answer within 1 s/);
  await proxy.stop();
});

test("a dead gateway: the shell opens from the vault here, and the push waits for the next enter", async () => {
  const { host, proxy } = await behindProxy();
  const port = Number(new URL(proxy.url).port);
  await proxy.stop();
  const away = await host.enter("cat ~/secrets/key; echo away > ~/secrets/away");
  assert.is(away.stdout, "kept");
  assert.is(away.code, 1);
  assert.match(away.stderr, /has a newer vault is not known: .*connect/i);
  assert.match(away.stderr, /Not pushed: .*the next enter, or `tazpod push`, tries again/);
  assert.is(await host.secrets(), "");
  assert.match((await host.tazpod("status")).stdout, /- vault-pushed/);
  const back = await FaultProxy.start(port);
  const next = await host.enter("cat ~/secrets/away");
  assert.is(next.stdout, "away\n");
  assert.is(next.code, 0, next.stderr);
  assert.match(next.stderr, /Not pushed yet: .*It is pushed when you leave/);
  assert.match((await host.tazpod("status")).stdout, /= vault-pushed/);
  await back.stop();
});

test("without credentials nothing is asked, the shell opens, and with --offline nothing is even said", async () => {
  const { host, proxy } = await behindProxy();
  Object.assign(host.env, {
    AWS_ACCESS_KEY_ID: "",
    AWS_SECRET_ACCESS_KEY: "",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
  });
  const done = await host.enter("cat ~/secrets/key");
  assert.is(done.stdout, "kept");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /has a newer vault is not known/);
  const offline = await host.enter("echo more > ~/secrets/more", "--offline");
  assert.is(offline.code, 0, offline.stderr);
  assert.not.match(offline.stderr, /not known/);
  assert.match(offline.stderr, /Not pushed \(--offline\)/);
  assert.equal(proxy.requests, []);
  await proxy.stop();
});

test("--offline where no vault is: said in words, and nothing is made or asked", async () => {
  const { proxy, remote } = await behindProxy();
  const fresh = await Host.make({ remote });
  for (const task of ["enter", "pull", "create"]) {
    const done = await fresh.run(task, "--offline");
    assert.is(done.code, 3, done.stderr);
    assert.match(done.stderr, /^--offline was given, and this asks s3:\/\/\S+\.$/m);
    assert.not.ok(existsSync(fresh.vault));
  }
  assert.equal(proxy.requests, []);
  await proxy.stop();
});

test.run();
