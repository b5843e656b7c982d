// needs: engine, s3, script
// time limit: 900 s
import { existsSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { FaultProxy } from "../fake/fault-proxy.js";
import { behindProxy, unlocked } from "../rig/behind-proxy.js";
import { Host, removeHosts } from "../rig/host.js";

// A fast, slow, silent, dead or unused gateway: which requests are made before a vault is opened, and what waits for them.

test.after(removeHosts);

const head = /^HEAD .*vault\.tar\.aes/;

test("a vault that is up to date takes one request to the remote and no question", async () => {
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

test("without an answer within a second the shell opens with a note, and a late answer is reported at the end", async () => {
  const { host, proxy, remote } = await behindProxy();
  const other = await Host.make({ remote });
  assert.is((await other.enter("echo newer > ~/secrets/key")).code, 0);
  let release = (): void => undefined;
  proxy.spoil(head, { kind: "hold", until: new Promise((resolve) => (release = resolve)) });
  const pty = host.pty();
  await unlocked(pty);
  await pty.expect("for a newer vault: no answer within 1 s.");
  await pty.expect("$ ");
  release();
  pty.line("cat ~/secrets/key; sleep 2; exit");
  await pty.expect("kept");
  await pty.expect("pushed a newer vault");
  await pty.expect("the answer came after the vault was opened");
  assert.is(await pty.ended, 0, pty.screen);
  await proxy.stop();
});

test("a gateway that never answers delays neither the shell nor its end", async () => {
  const { host, proxy } = await behindProxy();
  proxy.spoil(/./, { kind: "stall" }, Infinity);
  const done = await host.enter("cat ~/secrets/key");
  assert.is(done.stdout, "kept");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /for a newer vault: no answer within 1 s/);
  await proxy.stop();
});

test("with a dead gateway the shell opens from the local vault, and the push waits for the next enter", async () => {
  const { host, proxy } = await behindProxy();
  const port = Number(new URL(proxy.url).port);
  await proxy.stop();
  const away = await host.enter("cat ~/secrets/key; echo away > ~/secrets/away");
  assert.is(away.stdout, "kept");
  assert.is(away.code, 1);
  assert.match(away.stderr, /for a newer vault: .*connect/i);
  assert.match(away.stderr, /Not pushed: .*`tazpod push` or the next enter tries again/);
  assert.is(await host.secrets(), "");
  assert.match((await host.tazpod("status")).stdout, /- vault-pushed/);
  const back = await FaultProxy.start(port);
  const next = await host.enter("cat ~/secrets/away");
  assert.is(next.stdout, "away\n");
  assert.is(next.code, 0, next.stderr);
  assert.match(next.stderr, /Not pushed yet: .*as does the end of a shell/);
  assert.match((await host.tazpod("status")).stdout, /= vault-pushed/);
  await back.stop();
});

test("without credentials no request is made and the shell opens; with --offline not even a note is printed", async () => {
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
  assert.match(done.stderr, /Could not check .* for a newer vault/);
  const offline = await host.enter("echo more > ~/secrets/more", "--offline");
  assert.is(offline.code, 0, offline.stderr);
  assert.not.match(offline.stderr, /Could not check/);
  assert.match(offline.stderr, /Not pushed \(--offline\)/);
  assert.equal(proxy.requests, []);
  await proxy.stop();
});

test("--offline without a local vault explains the problem, and makes no vault and no request", async () => {
  const { proxy, remote } = await behindProxy();
  const fresh = await Host.make({ remote });
  for (const task of ["enter", "pull", "create"]) {
    const done = await fresh.run(task, "--offline");
    assert.is(done.code, 3, done.stderr);
    assert.match(done.stderr, /^This needs s3:\/\/\S+, but --offline was given\.$/m);
    assert.not.ok(existsSync(fresh.vault));
  }
  assert.equal(proxy.requests, []);
  await proxy.stop();
});

test.run();
