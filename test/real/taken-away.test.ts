// needs: docker, script
// time limit: 900 s
import { randomBytes } from "node:crypto";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Host, passphrase, quick, removeHosts, run } from "../rig/host.js";
import { namesIn } from "../rig/names-in.js";
import { underShell, type UnderShell } from "../rig/under-shell.js";
import { withSealed } from "../rig/with-vault.js";

// The container, its RAM or tazpod's files there are removed or changed from outside tazpod.

test.after(removeHosts);

const withVault = (files?: Record<string, string>): Promise<Host> => withSealed("none", files, quick);

/** A host with a vault and its container. */
async function withContainer(): Promise<Host> {
  const host = await withVault();
  assert.is((await host.run("ensure-container")).code, 0);
  return host;
}

/** A shell with the vault open and an unsaved file in it. */
async function working(host: Host): Promise<UnderShell> {
  const shell = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await shell.pty.expect("$ ");
  shell.pty.line("echo unsaved > ~/secrets/more; echo wri''tten");
  await shell.pty.expect("written");
  return shell;
}

/** Expects that the vault is as before and locked, and that the unsaved file is in the newest sealed conflict file. */
async function assertKept(host: Host, before: Buffer): Promise<void> {
  assert.equal(await readFile(host.vault), before);
  assert.is(await host.secrets(), "");
  const kept = (await readdir(host.path(".tazpod", "vault", "conflicts"))).toSorted().at(-1) ?? "";
  const names = await namesIn(host.path(".tazpod", "vault", "conflicts", kept));
  assert.equal(names.toSorted(), ["key", "more"]);
  assert.is((await host.enter("cat ~/secrets/key; ls ~/secrets")).stdout, "keptkey\n");
}

/** The text of a screen, whose lines may be broken anywhere. */
const flat = (screen: string): string => screen.replaceAll(/\s+/g, " ");

test("a container removed, stopped or killed under an open shell: exit 1, the loss is reported, and the sealed vault opens", async () => {
  for (const how of [["rm", "-f"], ["stop", "-t", "0"], ["kill"]]) {
    const host = await withVault();
    const before = await readFile(host.vault);
    const { pty, left } = await working(host);
    assert.is((await run("docker", [...how, host.container])).code, 0);
    assert.is(await left(), 1, pty.screen);
    assert.match(pty.screen, /The container .* is no longer running\.\r?\n +Unsaved changes in RAM are lost/);
    assert.equal(await readFile(host.vault), before);
    assert.is((await host.enter("cat ~/secrets/key; ls ~/secrets")).stdout, "keptkey\n");
  }
});

test("a container restarted under an open shell has new RAM: the loss is reported, and nothing counts as saved", async () => {
  const host = await withVault();
  const before = await readFile(host.vault);
  const { pty, left } = await working(host);
  assert.is((await run("docker", ["restart", "-t", "0", host.container])).code, 0);
  assert.is(await left(), 1, pty.screen);
  assert.match(pty.screen, /Unsaved changes in RAM are lost/);
  assert.equal(await readFile(host.vault), before);
  assert.is((await host.enter("cat ~/secrets/key; ls ~/secrets")).stdout, "keptkey\n");
});

test("RAM emptied from inside, including the marker: the old vault is kept, and the loss is reported", async () => {
  const host = await withVault();
  const before = await readFile(host.vault);
  const { pty, left } = await working(host);
  pty.line("cd ~/secrets && rm -rf .tazpod key more; cd; exit 0");
  assert.is(await left(), 1, pty.screen);
  assert.match(pty.screen, /a program inside removed or changed its marker file/);
  assert.equal(await readFile(host.vault), before);
  assert.is((await host.enter("cat ~/secrets/key; ls ~/secrets")).stdout, "keptkey\n");
});

test("the host's record of the open vault removed or damaged: the cause is named, and the files are kept sealed instead of replacing the vault", async () => {
  const lose: readonly (readonly [RegExp, (host: Host) => Promise<void>])[] = [
    [
      /open\.json, in which this host recorded that, is damaged/,
      (host) => writeFile(host.state("open.json"), "junk"),
    ],
    [/open\.json, in which this host recorded that, was removed/, (host) => rm(host.state("open.json"))],
    [/open\.json, in which this host recorded that, was removed/, (host) => host.forgetState()],
  ];
  for (const [cause, how] of lose) {
    const host = await withVault();
    const before = await readFile(host.vault);
    const { pty, left } = await working(host);
    await how(host);
    pty.line("exit 0");
    assert.is(await left(), 1, pty.screen);
    await assertKept(host, before);
    assert.match(flat(pty.screen), cause);

    assert.is((await host.run("unlock")).code, 0);
    await host.inside("echo unsaved > ~/secrets/more");
    await how(host);
    const { stdout } = await host.tazpod("status");
    assert.match(flat(stdout), cause);
    const locked = await host.run("lock");
    assert.is(locked.code, 1);
    assert.match(locked.stderr, cause);
    assert.match(locked.stderr, /was sealed as \S+, and the folder was emptied/);
    await assertKept(host, before);
  }
});

test("without the host's record, a vault that another home opened there is left alone", async () => {
  const host = await withVault();
  assert.is((await host.run("unlock")).code, 0);
  const state = host.env["XDG_STATE_HOME"];
  host.env["XDG_STATE_HOME"] = host.path("other");
  const locked = await host.run("lock");
  assert.is(locked.code, 1);
  assert.match(locked.stderr, /another user or home opened a vault there/);
  assert.is(await host.secrets(), ".tazpod\nkey");
  if (state === undefined) delete host.env["XDG_STATE_HOME"];
  else host.env["XDG_STATE_HOME"] = state;
  assert.is((await host.run("lock")).code, 0);
});

test("settings removed under an open shell: it saves and locks with those it has read, and makes nothing new", async () => {
  const host = await withVault();
  const { pty, left } = await working(host);
  await rm(host.path(".tazpod", "config.yaml"));
  pty.line("exit 0");
  assert.is(await left(), 0, pty.screen);
  assert.not.match(pty.screen, /already a project|Project ready/);
  assert.equal(await readdir(host.path(".tazpod")), ["vault"]);
  assert.is(await host.secrets(), "");
  assert.equal((await namesIn(host.vault)).toSorted(), ["key", "more"]);
});

test("the project's folder moved under an open shell: one failure names the container, nothing is made at the old path, and the folder moved back is saved", async () => {
  const host = await withVault();
  const moved = `${host.folder}-moved`;
  const { pty, left } = await working(host);
  await rename(host.folder, moved);
  pty.line("exit 0");
  assert.is(await left(), 1, pty.screen);
  assert.is(await readdir(host.folder).catch(() => "gone"), "gone");
  const said = flat(pty.screen);
  assert.is(said.split("was moved or removed, so nothing could be saved").length, 2, said);
  assert.ok(said.includes(`still open in the container ${host.container}`), said);
  await rename(moved, host.folder);
  const locked = await host.run("lock");
  assert.is(locked.code, 0, locked.stderr);
  assert.equal((await namesIn(host.vault)).toSorted(), ["key", "more"]);
});

test("marker removed from inside: nothing stays open, and the files there are kept sealed instead of replacing the vault", async () => {
  const host = await withVault();
  const before = await readFile(host.vault);
  const { pty, left } = await working(host);
  pty.line("rm -rf ~/secrets/.tazpod; exit 0");
  assert.is(await left(), 1, pty.screen);
  await assertKept(host, before);
});

test("files that a locked shell left in ~/secrets are named and sealed aside, and the vault opens, whatever its size", async () => {
  const host = await withVault({ big: randomBytes(3_000_000).toString("hex") });
  const { pty, left } = await underShell(host);
  await pty.expect("Unlock the vault?");
  pty.line("n");
  await pty.expect("$ ");
  pty.line("echo mine > ~/secrets/mine; exit");
  assert.is(await left(), 0, pty.screen);
  const done = await host.run("unlock");
  assert.is(done.code, 0, done.stderr);
  assert.match(
    done.stderr,
    /mine was in \S+ while the vault was locked\. It is not in the vault; it was sealed as/,
  );
  const [kept = ""] = await readdir(host.path(".tazpod", "vault", "conflicts"));
  assert.equal(await namesIn(host.path(".tazpod", "vault", "conflicts", kept)), ["mine"]);
  assert.equal((await host.secrets()).split("\n").toSorted(), [".tazpod", "big"]);
});

test("what a program writes into ~/secrets after the lock stops no later enter, and lock --discard removes it", async () => {
  const host = await withContainer();
  for (const round of ["first", "second"]) {
    await host.inside(`echo ${round} > ~/secrets/late`);
    assert.is((await host.enter("cat ~/secrets/key; ls ~/secrets")).stdout, "keptkey\n");
  }
  assert.is((await readdir(host.path(".tazpod", "vault", "conflicts"))).length, 2);
  await host.inside("echo plain > ~/secrets/late");
  const { code, stderr } = await host.run("lock", "--discard");
  assert.is(code, 0, stderr);
  assert.is(await host.secrets(), "");
});

test("the leftovers of an interrupted unlock are removed by the next unlock, and do not count as files", async () => {
  const host = await withVault();
  const half = [
    "mkdir -p .tazpod/stage && echo half > .tazpod/stage/key",
    "mkdir -p .tazpod && : > .tazpod/opening && echo half > key && mkdir -p ro && echo x > ro/x && chmod 500 ro",
  ];
  for (const state of half) {
    assert.is((await host.run("ensure-container")).code, 0);
    await host.inside(`cd ~/secrets && ${state}`);
    const done = await host.enter("cat ~/secrets/key; ls ~/secrets");
    assert.is(done.code, 0, `${state}: ${done.stderr}`);
    assert.is(done.stdout, "keptkey\n", state);
    assert.is(await host.secrets(), "");
  }
});

test("lock finishes an interrupted lock, without a passphrase", async () => {
  const host = await withContainer();
  await host.inside("cd ~/secrets && mkdir .tazpod && : > .tazpod/closing && echo half > key");
  assert.match((await host.tazpod("status")).stdout, /= vault-open +locking the vault was interrupted/);
  const done = await host.tazpod("lock");
  assert.is(done.code, 0, done.stderr);
  assert.is(await host.secrets(), "");
});

test("after an interrupted lock, enter first finishes it and then unlocks the vault again", async () => {
  const host = await withContainer();
  await host.inside(
    "cd ~/secrets && mkdir .tazpod ro && : > .tazpod/closing && echo half > key && echo x > ro/x && chmod 500 ro",
  );
  const done = await host.enter("cat ~/secrets/key; ls ~/secrets");
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout, "keptkey\n");
  assert.is(await host.secrets(), "");
});

test("down with unsaved work asks for the passphrase and saves; --discard drops it; a stopped container is just removed", async () => {
  const host = await withVault();
  const gone = async (): Promise<boolean> =>
    (await run("docker", ["container", "inspect", host.container])).code === 1;
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("echo unsaved > ~/secrets/more");
  const alone = await host.tazpod("down");
  assert.is(alone.code, 4, alone.stderr);
  assert.not.ok(await gone());
  const { pty, left } = await underShell(host, "down");
  await pty.secret("Passphrase of the vault, to seal what changed:", passphrase);
  assert.is(await left(), 0, pty.screen);
  assert.ok(await gone());
  assert.is((await host.enter("cat ~/secrets/more")).stdout, "unsaved\n");
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("echo dropped > ~/secrets/more");
  const discarded = await host.tazpod("down", "--discard");
  assert.is(discarded.code, 0, discarded.stderr);
  assert.ok(await gone());
  assert.is((await host.enter("cat ~/secrets/more")).stdout, "unsaved\n");
  assert.is((await run("docker", ["stop", "-t", "0", host.container])).code, 0);
  assert.is((await host.tazpod("down")).code, 0);
  assert.ok(await gone());
  assert.is((await host.tazpod("down")).code, 0);
});

test("a changed setting is not offered while the vault is open; requested by name it is refused, and nothing is lost", async () => {
  const host = await withVault();
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("echo unsaved > ~/secrets/more");
  await host.configure("none", "vault: { format: v1, size: 32m }\n");
  const named = await host.run("recreate-container");
  assert.is(named.code, 3);
  assert.match(named.stderr, /The vault is open in container .*\. Save and lock it first\./);
  assert.is(await host.inside("cat ~/secrets/more"), "unsaved\n");
  const entered = await host.enter("cat ~/secrets/more");
  assert.is(entered.stdout, "unsaved\n", entered.stderr);
  assert.not.match(entered.stderr, "recreate");
});

test("a container with the same name that belongs to another folder is refused by name, and not changed", async () => {
  const mine = await withContainer();
  const other = await Host.make({ remote: "none" });
  const config = await readFile(other.path(".tazpod", "config.yaml"), "utf8");
  await writeFile(
    other.path(".tazpod", "config.yaml"),
    config.replace(/container_name: .*/, `container_name: ${mine.container}`),
  );
  for (const args of [["ensure-container"], ["recreate-container"]]) {
    const done = await other.tazpod("run", ...args);
    assert.is(done.code, 4, `${args[0]}: ${done.stderr}`);
    assert.match(done.stderr, `belongs to ${mine.folder}, not to ${other.folder}`, args[0]);
  }
  assert.is((await other.tazpod("down")).code, 3);
  assert.is(await mine.secrets(), "");
});

test("a second checkout gets a container of its own: enter offers a name, and writes it to the local settings", async () => {
  const mine = await withContainer();
  const other = await Host.make({ remote: "none", more: quick });
  const committed = `${(await readFile(other.path(".tazpod", "config.yaml"), "utf8")).replace(/container_name: .*/, `container_name: ${mine.container}`)}`;
  await writeFile(other.path(".tazpod", "config.yaml"), committed);
  const local = other.path(".tazpod", "config.local.yaml");
  await writeFile(local, "# mine\nenv: { A: b }\n");
  other.env["TAZPOD_TRUST"] = "";
  assert.is((await other.tazpod("trust", "--yes")).code, 0);
  const done = await other.enter("echo in $A");
  assert.is(done.stdout, "in b\n", done.stderr);
  assert.match(done.stderr, new RegExp(`Container name in this checkout: ${mine.container}-[0-9a-f]{4}`));
  assert.is(await readFile(other.path(".tazpod", "config.yaml"), "utf8"), committed);
  assert.match(await readFile(local, "utf8"), /^# mine\nenv: \{ A: b \}\ncontainer_name: \S+\n$/);
  assert.is(await mine.secrets(), "");
  // the answer is trusted, too
  assert.is((await other.run("down")).code, 0);
});

test.run();
