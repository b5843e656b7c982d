// needs: engine, s3, script
// time limit: 900 s
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CountingProxy } from "../fake/counting-proxy.js";
import { newBucket } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { engineName, bin, Host, passphrase, quick, removeHosts } from "../rig/host.js";
import { Pty } from "../rig/pty.js";
import { folderRemote, withSealed } from "../rig/with-vault.js";
import { underShell } from "../rig/under-shell.js";
import { s3Server } from "../runner/services.js";

// Users who decline or cannot answer: no, Ctrl-C, a wrong passphrase.

const wrong = "not the passphrase";
const moreTries = (left: string): string => `Wrong passphrase. ${left}`;

test.after(removeHosts);

/** A host with a locked vault that contains `key`, and a remote folder with the same vault. */
async function withVault(): Promise<Host> {
  const host = await withSealed(await folderRemote(), undefined, quick);
  assert.is((await host.run("ensure-container")).code, 0);
  return host;
}

/** Asserts that the vault is closed, the secrets folder is empty, and the passphrase still opens the vault. */
async function untouched(host: Host, before: Buffer): Promise<void> {
  assert.equal(await readFile(host.vault), before);
  assert.is(await host.secrets(), "");
  assert.is((await host.enter("cat ~/secrets/key")).stdout, "kept");
}

test("no to init exits with 3, and the folder stays empty", async () => {
  const folder = await newFolder("lab");
  const pty = new Pty([process.execPath, bin], { cwd: folder });
  await pty.expect("Create one? [Y/n]");
  pty.line("n");
  assert.is(await pty.ended, 3);
  assert.match(pty.screen, /Declined: No tazpod project here\. Create one\?/);
  assert.not.ok(existsSync(join(folder, ".tazpod")));
});

test("no to a new vault opens a locked shell, creates no vault, and exiting asks nothing", async () => {
  const host = await Host.make({ remote: `file://${await newFolder("usb")}/vault.tar.aes` });
  const pty = host.pty();
  // the container is started in a list that shows what waits for it
  await pty.expect(/Start container .*Create a new, empty vault.*Open a shell/s);
  await pty.expect("Create one?");
  pty.line("no");
  await pty.expect("$ ");
  pty.line("ls -A ~/secrets | wc -l; exit");
  await pty.expect(/(?:^|\s)0\r/);
  assert.is(await pty.ended, 0, pty.screen);
  assert.not.ok(existsSync(host.vault));
  assert.is(pty.screen.match(/\[Y\/n\]/g)?.length, 1, pty.screen);
});

test("no to unlocking opens a locked shell, and exiting makes no login and no request", async () => {
  const { bucket, url } = await newBucket();
  const host = await Host.make({ remote: `\n  url: ${url}\n  endpoint: ${s3Server.endpoint}` });
  assert.is((await host.enter("printf %s kept > ~/secrets/key")).code, 0, bucket);
  const before = await readFile(host.vault);
  const proxy = await CountingProxy.start(s3Server.endpoint);
  await host.configure(`\n  url: ${url}\n  endpoint: ${proxy.url}`);
  const pty = host.pty();
  await pty.expect("Unlock the vault? [Y/n]");
  pty.line("n");
  await pty.expect(/- Unlock the vault into .*: declined\r?\n/);
  await pty.expect(/The vault is locked: files put in \S+ are not saved\./);
  await pty.expect("$ ");
  pty.line("ls -A ~/secrets | wc -l; exit");
  await pty.expect(/(?:^|\s)0\r/);
  assert.is(await pty.ended, 0, pty.screen);
  assert.equal(proxy.requests, []);
  assert.not.match(pty.screen, /✔ (lock|push|login)/);
  await untouched(host, before);
  await proxy.stop();
});

test("no to recreating the container keeps the old one; yes creates it from the current settings", async () => {
  const host = await withVault();
  const id = (): Promise<string> => host.id();
  const old = await id();
  await host.configure("none", "vault: { size: 32m }\n");
  const first = host.pty();
  await first.expect(/settings of container .* have changed.*Recreate it\?.*\[y\/N\]/s);
  first.line("");
  await first.expect("Unlock the vault? [Y/n]");
  first.line("n");
  await first.expect("$ ");
  first.line("exit");
  assert.is(await first.ended, 0, first.screen);
  assert.is(await id(), old);
  const second = host.pty();
  await second.expect("Recreate it?");
  second.line("y");
  await second.expect("Unlock the vault? [Y/n]");
  second.line("");
  await second.secret("Passphrase of the vault:", passphrase);
  await second.expect("$ ");
  second.line("df -k ~/secrets | tail -1; cat ~/secrets/key; exit");
  // a plain process has no separate file system there
  if (engineName !== "process") await second.expect(/32768 /);
  await second.expect("kept");
  assert.is(await second.ended, 0, second.screen);
  assert.is.not(await id(), old);
});

test("after three wrong passphrases the vault stays closed, and the offer to continue without it can be declined", async () => {
  const host = await withVault();
  const before = await readFile(host.vault);
  const pty = host.pty();
  await pty.expect("Unlock the vault?");
  pty.line("");
  await pty.secret("Passphrase of the vault:", wrong);
  await pty.expect(moreTries("2 more tries."));
  await pty.secret("Passphrase of the vault:", wrong);
  await pty.expect(moreTries("1 more try."));
  await pty.secret("Passphrase of the vault:", wrong);
  await pty.expect(/cannot be opened: the passphrase is wrong, or the file is damaged \(tried 3 times\)/);
  await pty.expect("Continue with shell anyway? [y/N]");
  pty.line("");
  assert.is(await pty.ended, 1, pty.screen);
  assert.not.match(pty.screen, wrong);
  await untouched(host, before);
});

test("continuing without a vault that did not open gives a locked shell", async () => {
  const host = await withVault();
  const before = await readFile(host.vault);
  const pty = host.pty();
  await pty.expect("Unlock the vault?");
  pty.line("");
  for (let count = 0; count < 3; count += 1) await pty.secret("Passphrase of the vault:", wrong);
  await pty.expect("anyway? [y/N]");
  pty.line("y");
  await pty.expect("$ ");
  pty.line("ls -A ~/secrets | wc -l; exit");
  await pty.expect(/(?:^|\s)0\r/);
  assert.is(await pty.ended, 0, pty.screen);
  await untouched(host, before);
});

test("a wrong passphrase from a file is tried once, and the command does not run", async () => {
  const host = await withVault();
  const before = await readFile(host.vault);
  const file = join(await newFolder("pass"), "wrong");
  await writeFile(file, wrong, { mode: 0o600 });
  const done = await host.tazpod("enter", "--yes", "--passphrase-file", file, "--", "echo", "ran");
  assert.is(done.code, 1);
  assert.is(done.stdout, "");
  assert.match(done.stderr, /unlock: .*the passphrase is wrong, or the file is damaged\.\n/);
  await untouched(host, before);
});

test("Ctrl-C at each question exits with 130, restores the terminal, and starts nothing", async () => {
  const host = await withVault();
  const before = await readFile(host.vault);
  const empty = await newFolder("lab");
  const fresh = await Host.make({ remote: "none" });
  const changed = await withVault();
  await changed.configure("none", "vault: { size: 32m }\n");
  const ways: [string, string, (pty: Pty) => Promise<void>][] = [
    ["init", empty, (pty) => pty.expect("Create one? [Y/n]")],
    ["create", fresh.folder, (pty) => pty.expect("Create one?")],
    [
      "a new passphrase",
      fresh.folder,
      async (pty) => {
        await pty.expect("Create one?");
        pty.line("");
        await pty.expect(/Passphrase for the new vault .*:/);
      },
    ],
    [
      "the new passphrase again",
      fresh.folder,
      async (pty) => {
        await pty.expect("Create one?");
        pty.line("");
        await pty.secret(/Passphrase for the new vault .*:/, passphrase);
        await pty.expect(/Repeat it .*:/);
      },
    ],
    ["recreate", changed.folder, (pty) => pty.expect("Recreate it?")],
    ["unlock", host.folder, (pty) => pty.expect("Unlock the vault? [Y/n]")],
    [
      "the passphrase",
      host.folder,
      async (pty) => {
        await pty.expect("Unlock the vault?");
        pty.line("");
        await pty.expect("Passphrase of the vault:");
      },
    ],
    [
      "going on",
      host.folder,
      async (pty) => {
        await pty.expect("Unlock the vault?");
        pty.line("");
        for (let count = 0; count < 3; count += 1) await pty.secret("Passphrase of the vault:", wrong);
        await pty.expect("anyway? [y/N]");
      },
    ],
  ];
  for (const [what, folder, reach] of ways) {
    const { pty, left } = await underShell({ folder }, "enter");
    await reach(pty);
    pty.interrupt();
    assert.is(await left(), 130, `${what}: ${pty.screen}`);
    assert.match(pty.screen, /Interrupted \(SIGINT\)\./, what);
    assert.not.match(pty.screen, passphrase);
  }
  assert.not.ok(existsSync(join(empty, ".tazpod")));
  assert.not.ok(existsSync(fresh.vault));
  await untouched(host, before);
});

test("SIGTERM at a question ends it without waiting for an answer, and restores the terminal", async () => {
  const host = await withVault();
  const before = await readFile(host.vault);
  for (const question of ["Unlock the vault?", "Passphrase of the vault:"]) {
    const { pty, kill, left } = await underShell(host, "enter");
    await pty.expect("Unlock the vault? [Y/n]");
    if (question.startsWith("Pass")) {
      pty.line("");
      await pty.expect(question);
    }
    await kill("SIGTERM");
    assert.is(await left(), 130, pty.screen);
    assert.match(pty.screen, "Interrupted (SIGTERM).");
  }
  await untouched(host, before);
});

test.run();
