// needs: engine, script
// time limit: 900 s
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { fine, Host, passphrase, quick, removeHosts, text } from "../rig/host.js";
import { repository } from "../rig/root.js";
import { underShell, type UnderShell } from "../rig/under-shell.js";
import { until } from "../rig/until.js";
import { folderRemote, withSealed } from "../rig/with-vault.js";

// What happens while a shell is open, and what is left when tazpod is gone and cannot clean up.

test.after(removeHosts);

const withVault = (url: string, settings: string): Promise<Host> =>
  withSealed(url, undefined, `${quick}${settings}`);

async function opened(host: Host): Promise<UnderShell> {
  const shell = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await shell.pty.expect("$ ");
  return shell;
}

const sealedHas = (host: Host, name: string) => async (): Promise<boolean> => {
  const listed = await host.tazpod("vault", "ls", "--passphrase-file", host.passphraseFile);
  return listed.code === 0 && listed.stdout.includes(name);
};

test("changes are sealed silently while the shell is open, and survive kill -9 and the loss of the container", async () => {
  const host = await withVault("none", "session: { autosave: 4s }\n");
  const { pty, kill } = await opened(host);
  pty.line("echo more > ~/secrets/more; echo wri''tten");
  await pty.expect(/written[^]*\$ /);
  const before = pty.screen;
  await until(sealedHas(host, "more"));
  // the shell may have drawn its prompt once more
  assert.is(pty.screen.slice(before.length).replaceAll("/workspace $", "").trim(), "");
  await kill("SIGKILL");
  await host.removeContainer();
  assert.is((await host.enter("cat ~/secrets/more")).stdout, "more\n");
});

test("in a vault that was open already, changes are saved when the shell ends, and tazpod says so; with a passphrase file, before", async () => {
  const host = await withVault("none", "session: { autosave: 4s }\n");
  fine(await host.run("unlock"));
  const typed = await underShell(host);
  await typed.pty.expect("$ ");
  assert.match(typed.pty.screen, "It is saved when you leave, then locked.");
  typed.pty.line("echo more > ~/secrets/more");
  await typed.pty.expect("what changes is saved only when you leave");
  typed.pty.line("exit");
  await typed.pty.secret(/to seal what changed:/, passphrase);
  assert.is(await typed.left(), 0, typed.pty.screen);
  assert.ok(await sealedHas(host, "more")());
  fine(await host.run("unlock"));
  const given = await opened(host);
  assert.match(given.pty.screen, "It is saved every 4 s and when you leave");
  given.pty.line("echo two > ~/secrets/two");
  await until(sealedHas(host, "two"));
  given.pty.line("exit");
  assert.is(await given.left(), 0, given.pty.screen);
  assert.not.match(given.pty.screen, "only when you leave");
});

test("a clock that is set back delays no save", async () => {
  const host = await withVault("none", "session: { autosave: 20s }\n");
  const flag = join(await newFolder("clock"), "set-back");
  const preload = `--import="${repository}test/fake/clock-set-back.mjs"`;
  Object.assign(host.env, { NODE_OPTIONS: preload, TAZPOD_TEST_SET_BACK: flag });
  const { pty, left } = await opened(host);
  // what is there at the first look is saved at once; the change is seen, and its save is not due yet
  pty.line("sleep 4; echo more > ~/secrets/more; sleep 4; echo wai''ted");
  await pty.expect("waited");
  await writeFile(flag, "");
  await until(sealedHas(host, "more"));
  pty.line("exit 0");
  assert.is(await left(), 0, pty.screen);
});

test("a file that changes constantly is still sealed; with autopush it is also pushed", async () => {
  const url = await folderRemote();
  const host = await withVault(url, "session: { autosave: 4s, autopush: true }\n");
  const { pty, left } = await opened(host);
  pty.line(`(i=0; while sleep 0.2; do echo $((i=i+1)) > ~/secrets/busy; done) & echo be''gun`);
  await pty.expect("begun");
  await until(sealedHas(host, "busy"));
  const other = await Host.make({ remote: url, more: "vault: { format: v1 }\n" });
  await until(async () => (await other.run("pull")).code === 0 && (await sealedHas(other, "busy")()));
  pty.line("kill %1; exit 0");
  assert.is(await left(), 0, pty.screen);
  assert.match((await host.tazpod("status")).stdout, /= vault-pushed/);
});

test("autosave: off seals nothing before the end, and a shell without changes changes no byte", async () => {
  const host = await withVault("none", "session: { autosave: 'off' }\n");
  const { pty, left } = await opened(host);
  pty.line("echo more > ~/secrets/more; sleep 6; echo wai''ted");
  await pty.expect("waited");
  assert.not.ok(await sealedHas(host, "more")());
  pty.line("exit 0");
  assert.is(await left(), 0, pty.screen);
  assert.ok(await sealedHas(host, "more")());
});

test("a key for the save at the end is derived once something has changed, so that the end does not wait for it", async () => {
  const host = await withSealed("none", undefined, "session: { autosave: 'off' }\n");
  const log = join(await newFolder("scrypt"), "log");
  const preload = `--import="${repository}test/fake/log-scrypt.mjs"`;
  Object.assign(host.env, { NODE_OPTIONS: preload, TAZPOD_TEST_SCRYPT: log });
  const derived = async (): Promise<number> => (await text(log)).split("\n").length - 1;
  const { pty, left } = await opened(host);
  pty.line("sleep 4; echo wai''ted");
  await pty.expect("waited");
  assert.is(await derived(), 1);
  pty.line("echo more > ~/secrets/more");
  await until(async () => (await derived()) === 2);
  pty.line("exit 0");
  assert.is(await left(), 0, pty.screen);
  assert.is(await derived(), 2);
  assert.ok(await sealedHas(host, "more")());
});

test("without input for the idle_lock time the shell is ended, and the vault is saved and locked", async () => {
  const host = await withVault("none", "session: { idle_lock: 4s }\n");
  const { pty, left } = await opened(host);
  pty.line("echo more > ~/secrets/more; sleep 999");
  assert.is(await left(), 0, pty.screen);
  assert.match(pty.screen, "The shell was ended after 4 s without input.");
  assert.is(await host.secrets(), "");
  assert.ok(await sealedHas(host, "more")());
});

test("without a running tazpod, a saved open vault is closed from inside after the unattended_lock time", async () => {
  const host = await withVault("none", "session: { autosave: 4s, unattended_lock: 2s }\n");
  const { pty, kill } = await opened(host);
  pty.line("echo more > ~/secrets/more; echo wri''tten");
  await pty.expect("written");
  await until(sealedHas(host, "more"));
  await until(
    async () => (await host.inside("[ -e ~/secrets/.tazpod/saved ] && echo y || echo n")) === "y\n",
  );
  await kill("SIGKILL");
  await until(async () => (await host.secrets()) === "");
  assert.match((await host.tazpod("status")).stdout, /- vault-open/);
  assert.is((await host.enter("cat ~/secrets/more")).stdout, "more\n");
});

test("an unattended vault with unsaved work stays open; the next enter reports it and saves it", async () => {
  const host = await withVault("none", "session: { autosave: 'off', unattended_lock: 2s }\n");
  const { pty, kill } = await opened(host);
  pty.line("echo unsaved > ~/secrets/more; echo wri''tten");
  await pty.expect("written");
  await kill("SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  const next = await underShell(host);
  await next.pty.expect("The vault was open without a shell");
  await next.pty.expect("$ ");
  next.pty.line("cat ~/secrets/more; exit");
  await next.pty.expect("unsaved\r");
  await next.pty.secret("Passphrase of the vault, to seal what changed:", passphrase);
  assert.is(await next.left(), 0, next.pty.screen);
  assert.is(await host.secrets(), "");
  assert.ok(await sealedHas(host, "more")());
});

test.run();
