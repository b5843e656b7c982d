// needs: docker, s3, script
// time limit: 900 s
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cuttingProxy } from "../fake/cutting-proxy.js";
import { newBucket } from "../rig/bucket.js";
import { Host, passphrase, removeHosts, run } from "../rig/host.js";
import { underShell } from "../rig/under-shell.js";
import { folderRemote, running, withQuickVault as withVault } from "../rig/with-vault.js";
import { s3Server } from "../runner/services.js";

// Ctrl-C in the steps before and after the shell.

test.after(removeHosts);

const remote = (url: string, endpoint = s3Server.endpoint): string =>
  `\n  url: ${url}\n  endpoint: ${endpoint}`;

/** An image registry that takes requests and never answers. */
async function silentRegistry(): Promise<{ address: string; asked: Promise<void>; server: Server }> {
  let heard: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (heard = resolve));
  const server = createServer(() => heard());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

test("Ctrl-C while the image is pulled ends the pull, and leaves no container", async () => {
  const { address, asked, server } = await silentRegistry();
  const host = await Host.make({ remote: "none" });
  const config = await readFile(host.path(".tazpod", "config.yaml"), "utf8");
  await writeFile(
    host.path(".tazpod", "config.yaml"),
    config.replace(/^image: .*$/m, `image: ${address}/tazpod/none:1`),
  );
  const { pty, left } = await underShell(host, "run", "ensure-container");
  await asked;
  pty.interrupt();
  assert.is(await left(), 130, pty.screen);
  assert.is((await run("docker", ["container", "inspect", host.container])).code, 1);
  server.closeAllConnections();
  server.close();
});

test("Ctrl-C in a stalled pull leaves no partial vault and opens no shell", async () => {
  const { url } = await newBucket();
  await withVault(remote(url), "head -c 3000000 /dev/urandom > ~/secrets/key");
  const proxy = await cuttingProxy();
  proxy.stallAfter(1_000_000);
  const second = await Host.make({ remote: remote(url, proxy.url) });
  const { pty, left } = await underShell(second, "--yes", "--passphrase-file", second.passphraseFile);
  await pty.expect("Pull the vault");
  await pty.expect(" of 2.9 MiB");
  pty.interrupt();
  assert.is(await left(), 130, pty.screen);
  assert.equal((await readdir(second.path(".tazpod", "vault"))).toSorted(), []);
  assert.not.match(pty.screen, "$ ");
  await proxy.close();
});

test("Ctrl-C while a vault is unpacked leaves it closed, and the secrets folder empty", async () => {
  const host = await withVault(
    await folderRemote(),
    "for i in $(seq 400); do head -c 100000 /dev/urandom > ~/secrets/f$i; done",
  );
  const before = await readFile(host.vault);
  const { pty, left } = await underShell(host, "run", "unlock");
  await pty.secret("Passphrase of the vault:", passphrase);
  await inside(host, "ls ~/secrets/.tazpod/stage | grep -q .");
  pty.interrupt();
  assert.is(await left(), 130, pty.screen);
  assert.is(await host.secrets(), "");
  assert.is(await running(host), "");
  assert.equal(await readFile(host.vault), before);
});

/** Waits until a script in the container succeeds. */
async function inside(host: Host, script: string): Promise<void> {
  const loop = `i=0; until ${script}; do i=$((i+1)); [ $i -lt 6000 ] || exit 9; sleep 0.01; done`;
  await host.inside(loop);
}

test("Ctrl-C in cleanup must be pressed twice; the vault is locked, and an interrupted push is left for the next run", async () => {
  const { url } = await newBucket();
  const proxy = await cuttingProxy();
  const host = await withVault(remote(url, proxy.url));
  const { pty, left } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  proxy.stall();
  pty.line("echo more > ~/secrets/more; exit");
  await pty.expect("✔ Vault locked");
  await pty.expect("Push the vault to");
  pty.interrupt();
  await pty.expect("Still cleaning up (push). Press Ctrl-C again to give up on it.");
  pty.interrupt();
  assert.is(await left(), 130, pty.screen);
  assert.is(await host.secrets(), "");
  assert.match((await host.tazpod("status")).stdout, /- vault-pushed +the local vault changed since/);
  await proxy.close();
  await host.configure(remote(url));
  assert.is((await host.run("push")).code, 0);
});

test.run();
