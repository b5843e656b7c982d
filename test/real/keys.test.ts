// needs: engine, script, bash
// time limit: 600 s
import { test } from "uvu";
import * as assert from "uvu/assert";
import { engineName, type Host, passphrase, removeHosts, shellBin } from "../rig/host.js";
import { Pty } from "../rig/pty.js";
import { underShell } from "../rig/under-shell.js";
import { withSealed } from "../rig/with-vault.js";

// Keys that people press at a question, while it is checked, and in the shell.

test.after(removeHosts);

const ctrlZ = "\u001a";

/** A host with a container and a locked vault, whose key takes its full time. */
async function withVault(): Promise<Host> {
  const host = await withSealed("none");
  assert.is((await host.run("ensure-container")).code, 0);
  return host;
}

/** An interactive shell of the host, with job control, in which tazpod was started. */
async function inBash(host: Host, ...args: string[]): Promise<Pty> {
  const pty = new Pty(["bash", "--norc", "--noprofile", "-i"], {
    cwd: host.folder,
    env: { ...host.env, PS1: "host> " },
  });
  await pty.expect("host> ");
  pty.line([shellBin, ...args].join(" "));
  return pty;
}

/** Leaves tazpod's shell, and the host's. */
async function leave(pty: Pty): Promise<void> {
  await pty.expect("$ ");
  pty.line("exit");
  await pty.expect("host> ");
  pty.line("exit");
  await pty.ended;
}

test("Ctrl-Z at a question suspends, and fg brings the question back", async () => {
  const pty = await inBash(await withVault(), "enter");
  for (let round = 0; round < 2; round += 1) {
    await pty.expect("Unlock the vault? [Y/n]");
    pty.type(ctrlZ);
    await pty.expect("Stopped");
    await pty.expect("host> ");
    pty.line("fg");
  }
  await pty.expect("Unlock the vault? [Y/n]");
  pty.line("n");
  await leave(pty);
});

test("Ctrl-Z at the passphrase suspends with echo, and fg asks again without it", async () => {
  const pty = await inBash(await withVault(), "enter", "--yes");
  await pty.expect("Passphrase of the vault:");
  pty.type(ctrlZ);
  await pty.expect("Stopped");
  pty.line("echo shown''-again");
  await pty.expect("shown-again");
  pty.line("fg");
  await pty.expect("Passphrase of the vault:");
  pty.line(passphrase);
  await pty.expect("Vault unlocked");
  assert.not.match(pty.screen, new RegExp(passphrase));
  await leave(pty);
});

test("a passphrase typed while another one is checked is not shown, and Ctrl-C still ends it", async () => {
  const host = await withVault();
  const { pty, left } = await underShell(host, "enter", "--yes");
  await pty.expect("Passphrase of the vault:");
  pty.line("not this one");
  pty.line("typed-too-early");
  await pty.expect("Wrong passphrase. 2 more tries.");
  await pty.expect("Passphrase of the vault:");
  pty.line("nor this one");
  pty.type("\u0003");
  assert.is(await left(), 130, pty.screen);
  assert.not.match(pty.screen, /early|one/);
});

test("a pasted passphrase opens the vault", async () => {
  const { pty, left } = await underShell(await withVault(), "enter", "--yes");
  await pty.expect("Passphrase of the vault:");
  pty.type(`\u001b[200~${passphrase}\u001b[201~\r`);
  await pty.expect("Vault unlocked");
  await pty.expect("$ ");
  pty.line("exit 0");
  assert.is(await left(), 0, pty.screen);
});

test("Ctrl-P reaches the shell at once, and Ctrl-P Ctrl-Q leaves nothing running", async () => {
  const { pty, left } = await underShell(await withVault());
  await pty.expect("Unlock the vault? [Y/n]");
  pty.line("n");
  await pty.expect("$ ");
  pty.line("echo ready; cat -v");
  // the shell edits the line itself until it runs it
  await pty.expect(/^ready/m);
  // the echo of the terminal inside
  pty.type("\u0010");
  await pty.expect("^P", 10_000);
  pty.type("\u0011");
  pty.line("still here");
  await pty.expect(/still here[^]*still here/);
  pty.type("\u0004");
  await pty.expect("$ ");
  pty.line("exit 0");
  assert.is(await left(), 0, `${engineName}: ${pty.screen}`);
});

test.run();
