// needs: engine, script
// time limit: 900 s
import { cp, readdir, rename, truncate, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { Host, passphrase, removeHosts } from "../rig/host.js";
import { folderRemote, withSealed } from "../rig/with-vault.js";

// A remote that has something else than a successor of the local vault.

test.after(removeHosts);

const page = "<!doctype html><html><body>Log in to the network</body></html>".padEnd(400);

test("a damaged file at the remote: the shell opens the vault that was here, and says why", async () => {
  const url = await folderRemote();
  const host = await withSealed(url, { key: "kept", bulk: "x".repeat(3000) });
  assert.is((await host.enter("cat ~/secrets/key")).stdout, "kept");
  await truncate(fileURLToPath(url), 400);
  const first = await host.enter("cat ~/secrets/key");
  assert.is(first.stdout, "kept", first.stderr);
  assert.match(first.stderr, /damaged.*The vault from before the pull is back and is used instead/s);
  const second = await host.enter("cat ~/secrets/key");
  assert.is(second.stdout, "kept", second.stderr);
  assert.match(second.stderr, /it was pulled before, did not open, and is still the same/);
  assert.equal(await readdir(host.path(".tazpod", "vault")), ["vault.tar.aes"]);
});

test("a web page in place of the S3 server is reported, and the local vault opens", async () => {
  const server = createServer((asked, answer) => {
    asked.resume();
    answer.writeHead(200, { "content-type": "text/html", "content-length": page.length });
    answer.end(asked.method === "HEAD" ? undefined : page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const host = await withSealed("none");
  await host.configure(`\n  url: s3://bucket/vault.tar.aes\n  endpoint: ${endpoint}`);
  Object.assign(host.env, { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" });
  const done = await host.enter("cat ~/secrets/key");
  assert.is(done.stdout, "kept", done.stderr);
  assert.match(done.stderr, /what answers is not an S3 server/);
  server.close();
});

test("--offline asks a folder nothing either: an enter with changes works while it is away, and the next one pushes", async () => {
  const url = await folderRemote();
  const disk = dirname(fileURLToPath(url));
  const host = await withSealed(url);
  await rename(disk, `${disk}-unplugged`);
  const away = await host.enter("echo changed > ~/secrets/key", "--offline");
  assert.is(away.code, 0, away.stderr);
  assert.not.match(away.stderr, "does not exist");
  assert.match(away.stderr, /Not pushed \(--offline\)/);
  await rename(`${disk}-unplugged`, disk);
  const back = await host.enter("true");
  assert.is(back.code, 0, back.stderr);
  assert.match(back.stderr, /✔ push: Vault pushed to file:/);
});

test("an unplugged disk: nothing is pushed into the empty mount point, and its hint names the disk", async () => {
  const url = await folderRemote();
  const disk = dirname(fileURLToPath(url));
  const host = await withSealed(url);
  assert.is((await host.enter("echo 1 > ~/secrets/key")).code, 0);
  await rename(disk, `${disk}-unplugged`);
  await mkdir(disk);
  const done = await host.enter("cat ~/secrets/key; echo 2 > ~/secrets/key");
  assert.is(done.stdout, "1\n", done.stderr);
  assert.is(done.code, 5, done.stderr);
  assert.match(done.stderr, /is gone: this host last synced it on .*Is the disk mounted/s);
  assert.equal(await readdir(disk), []);
  const noVault = await host.run("pull");
  assert.is(noVault.code, 3, noVault.stderr);
  await rename(`${disk}-unplugged`, `${disk}-again`);
  await cp(`${disk}-again`, disk, { recursive: true });
  assert.is((await host.enter("cat ~/secrets/key")).stdout, "2\n");
});

test("a new vault that was pushed into an empty mount point is merged with the disk's", async () => {
  const url = await folderRemote();
  const disk = dirname(fileURLToPath(url));
  const one = await withSealed(url, { one: "1" });
  await rename(disk, `${disk}-unplugged`);
  await mkdir(disk);
  const two = await Host.make({ remote: url });
  assert.is((await two.enter("echo 2 > ~/secrets/two")).code, 0);
  await cp(`${disk}-unplugged`, disk, { recursive: true });
  const merged = await two.enter("cd ~/secrets; cat one two");
  assert.is(merged.stdout, "12\n", merged.stderr);
  assert.is((await one.enter("cd ~/secrets; cat one two")).stdout, "12\n");
});

test("a passphrase that was changed on another host has a message of its own", async () => {
  const url = await folderRemote();
  const one = await withSealed(url);
  const two = await Host.make({ remote: url });
  assert.is((await two.enter("true")).code, 0);
  const newFile = join(dirname(one.passphraseFile), "new");
  await writeFile(newFile, `${passphrase}, and more`, { mode: 0o600 });
  assert.is((await one.run("passwd", "--new-passphrase-file", newFile)).code, 0);
  assert.is((await one.run("push")).code, 0);
  const done = await two.enter("true");
  assert.is(done.code, 1);
  assert.match(done.stderr, /the passphrase was changed on another host/);
  two.passphraseFile = newFile;
  assert.is((await two.enter("cat ~/secrets/key")).stdout, "kept");
  assert.equal(await readdir(two.path(".tazpod", "vault")), ["vault.tar.aes"]);
});

test.run();
