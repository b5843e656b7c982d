// needs: engine, script
// time limit: 300 s
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { ok } from "../../lib/failure/result.js";
import type { ContainerState } from "../../lib/engine/engine.js";
import { removeContainer } from "../../lib/session/project-container.js";
import type { StepContext } from "../../lib/session/step.js";
import { newFolder } from "../rig/folder.js";
import { fine, Host, passphrase, quick, removeHosts } from "../rig/host.js";
import { failure } from "../rig/result.js";
import { underShell } from "../rig/under-shell.js";
import { until } from "../rig/until.js";
import { withSealed } from "../rig/with-vault.js";

// Something changes while a person thinks, or while a shell is open.

test.after(removeHosts);

test("a vault that was opened while a question waited is not lost by the answer", async () => {
  const host = await withSealed("none", undefined, quick);
  fine(await host.run("ensure-container"));
  await host.configure("none", "vault: { format: v1, size: 32m }\n");
  const { pty, left } = await underShell(host, "enter", "--passphrase-file", host.passphraseFile);
  await pty.expect("Recreate it?");
  fine(await host.run("unlock"));
  await host.inside("echo kept > ~/secrets/new");
  pty.line("y");
  await pty.expect(/\$ $/);
  pty.line("cat ~/secrets/new; exit");
  assert.is(await left(), 0);
  assert.match(pty.screen, /^kept/m);
  assert.not.match(pty.screen, "recreated");
});

test("what is written between the last look at the files and their removal is saved, too", async () => {
  const host = await withSealed("none", undefined, quick);
  fine(await host.run("unlock"));
  // notes each file that was written while the vault was still open
  const writer = `cd; cd secrets; until ls .tazpod/read-* >/dev/null 2>&1; do :; done
    for n in 1 2 3 4 5 6; do
      echo $n > late-$n && [ -e .tazpod/open ] && [ -e late-$n ] && echo late-$n >> ~/written
      sleep 0.01
    done; echo all > ~/ended`;
  // a time in the future is no change
  await host.inside(
    `touch -d @4000000000 ~/secrets/key; rm -f ~/written ~/ended; (${writer}) >/dev/null 2>&1 &`,
  );
  const first = await host.run("lock");
  await until(async () => (await host.inside("cat ~/ended 2>/dev/null || true")) !== "");
  // on a slow host they are written during the save, too
  if (first.code !== 0) fine(await host.run("lock"));
  const written = (await host.inside("cat ~/written")).trim().split("\n");
  const listed = await host.tazpod("vault", "ls", "--passphrase-file", host.passphraseFile);
  for (const name of written) assert.match(listed.stdout, new RegExp(` ${name}$`, "m"));
});

test("a container that another tazpod made or started anew since the step began is not removed", async () => {
  const state = { state: "running", reported: "running", id: "old", startedAt: "1" } as ContainerState;
  let removed = 0;
  const engine = {
    inspect: async () => ok({ ...state, startedAt: "2" }),
    remove: async () => ok(void (removed += 1)),
  };
  const context = {
    project: { vaultFolder: await newFolder("vault"), config: { containerName: "c" } },
    signal: new AbortController().signal,
    engine: async () => engine,
  } as unknown as StepContext;
  failure(await removeContainer(context, state), "changed-meanwhile");
  assert.is(removed, 0);
});

test("a container that is removed while the passphrase is typed: unlock ends, and says so", async () => {
  const host = await withSealed("none", undefined, quick);
  fine(await host.run("ensure-container"));
  const pty = host.pty("unlock");
  await pty.secret("Passphrase of the vault:", "another one");
  await pty.expect(/2 more tries[^]*Passphrase of the vault:/);
  await host.removeContainer();
  pty.line(passphrase);
  assert.is.not(await pty.ended, 0, pty.screen);
  assert.match(pty.screen, "is no longer running");
  assert.is((await host.enter("cat ~/secrets/key")).code, 0);
});

test("a vault that appears while the passphrase of a new one is typed is kept", async () => {
  const host = await Host.make({ remote: "none", more: quick });
  const pty = host.pty("create");
  await pty.expect("Passphrase for the new vault");
  fine(await host.run("create"));
  const before = await readFile(host.vault);
  pty.line(passphrase);
  await pty.secret(/Repeat it .*:/, passphrase);
  assert.is.not(await pty.ended, 0);
  assert.match(pty.screen, "There is already a vault");
  assert.ok((await readFile(host.vault)).equals(before));
});

test("a vault that was removed while it was open is made again by the next save", async () => {
  const host = await withSealed("none", undefined, quick);
  fine(await host.run("unlock"));
  await host.inside("echo more > ~/secrets/more");
  await rm(host.path(".tazpod", "vault"), { recursive: true });
  fine(await host.run("lock"));
  assert.is((await host.enter("cat ~/secrets/key ~/secrets/more")).stdout, "keptmore\n");
});

test("a vault that was replaced while it was open: what a shell has is sealed once, next to it", async () => {
  const host = await withSealed("none", undefined, `${quick}session: { autosave: 1s }\n`);
  const other = await withSealed("none", { key: "other" }, quick);
  const folder = host.path(".tazpod", "vault", "conflicts");
  const { pty, left } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect(/\$ $/);
  const replacing = await readFile(other.vault);
  await writeFile(host.vault, replacing);
  pty.line("echo one > ~/secrets/more");
  await until(async () => (await readdir(folder).catch(() => [])).length > 0);
  pty.line("echo two > ~/secrets/more");
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  pty.line("exit");
  assert.is.not(await left(), 0);
  assert.is((await readdir(folder)).length, 1);
  assert.ok((await readFile(host.vault)).equals(replacing));
});

test.run();
