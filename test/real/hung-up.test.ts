// needs: docker, script
// time limit: 900 s
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bin, type Host, passphrase, quick, removeHosts } from "../rig/host.js";
import { Pty } from "../rig/pty.js";
import { underShell } from "../rig/under-shell.js";
import { until } from "../rig/until.js";
import { folderRemote, running, withSealed } from "../rig/with-vault.js";

// Ctrl-C, SIGTERM, a terminal that goes away and kill -9 while the shell is open.

test.after(removeHosts);

const withVault = async (): Promise<Host> => withSealed(await folderRemote(), undefined, quick);

test("Ctrl-C reaches only the program in the shell, and Ctrl-D ends the shell like exit", async () => {
  const host = await withVault();
  const { pty, left } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  pty.line("echo be''gun; sleep 600 || echo st''opped");
  await pty.expect("begun");
  // between two commands the terminal has no foreground program
  await until(async () => (await running(host)).includes("sleep 600"));
  pty.interrupt();
  await pty.expect("$ ");
  pty.line("echo more > ~/secrets/more; echo wri''tten");
  await pty.expect(/written[^]*\$ /);
  pty.type("\u0004");
  assert.is(await left(), 0, pty.screen);
  assert.match((await host.enter("ls ~/secrets")).stdout, "more");
});

for (const signal of ["SIGTERM", "SIGHUP"] as const) {
  test(`${signal} while the shell has unsaved work saves, locks and pushes the vault, and no process is left inside`, async () => {
    const host = await withVault();
    const { pty, kill, left } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
    await pty.expect("$ ");
    pty.line("echo unsaved > ~/secrets/more; (trap '' HUP; echo deaf; sleep 1000) & sleep 999; echo wo''ken");
    await pty.expect("deaf\r");
    await kill(signal);
    assert.is(await left(), 130, pty.screen);
    assert.is(await host.secrets(), "");
    assert.is(await running(host), "");
    const status = await host.tazpod("status");
    assert.match(status.stdout, /= vault-pushed/);
    assert.is((await host.enter("cat ~/secrets/more")).stdout, "unsaved\n");
  });
}

test("a closed terminal saves, locks and pushes unsaved work", async () => {
  const host = await withVault();
  const { pty } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  pty.line("echo unsaved > ~/secrets/more; echo wri''tten");
  await pty.expect("written");
  pty.hangUp();
  await until(async () => (await host.secrets()) === "");
  await until(async () => /= vault-pushed/.test((await host.tazpod("status")).stdout));
  assert.is(await running(host), "");
  assert.is((await host.enter("cat ~/secrets/more")).stdout, "unsaved\n");
});

test("a closed terminal is noticed even without a signal, and no process is left inside", async () => {
  const host = await withVault();
  // a session leader that survives keeps SIGHUP from its child processes
  const pty = new Pty(
    [
      "sh",
      "-c",
      `trap : HUP; "$@"; :`,
      "sh",
      process.execPath,
      bin,
      "--yes",
      "--passphrase-file",
      host.passphraseFile,
    ],
    { cwd: host.folder },
  );
  await pty.expect("$ ");
  pty.line("echo unsaved > ~/secrets/more; echo wri''tten");
  await pty.expect("written");
  pty.hangUp();
  await until(async () => (await host.secrets()) === "");
  await until(async () => /= vault-pushed/.test((await host.tazpod("status")).stdout));
  assert.is(await running(host), "");
  assert.is((await host.enter("cat ~/secrets/more")).stdout, "unsaved\n");
});

test("after kill -9 with the vault open, the next enter finds it open with the unsaved work, and closes it", async () => {
  const host = await withVault();
  const { pty, kill } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  pty.line("echo unsaved > ~/secrets/more; echo wri''tten");
  await pty.expect("written");
  await kill("SIGKILL");
  await pty.ended;
  const next = await underShell(host);
  await next.pty.expect("$ ");
  next.pty.line("cat ~/secrets/more; exit");
  await next.pty.expect("unsaved\r");
  await next.pty.secret("Passphrase of the vault, to seal what changed:", passphrase);
  assert.is(await next.left(), 0, next.pty.screen);
  assert.not.match(next.pty.screen, /Unlock the vault/);
  assert.is(await host.secrets(), "");
  assert.is((await host.enter("cat ~/secrets/more")).stdout, "unsaved\n");
});

test("after kill -9 with the vault open, lock saves and closes it without a shell", async () => {
  const host = await withVault();
  const { pty, kill } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  pty.line("echo unsaved > ~/secrets/more; echo wri''tten");
  await pty.expect("written");
  await kill("SIGKILL");
  await pty.ended;
  const alone = await host.tazpod("lock");
  assert.is(alone.code, 4, alone.stderr);
  assert.match(await host.secrets(), "more");
  const done = await host.run("lock");
  assert.is(done.code, 0, done.stderr);
  assert.is(await host.secrets(), "");
  assert.is((await host.enter("cat ~/secrets/more")).stdout, "unsaved\n");
});

test.run();
