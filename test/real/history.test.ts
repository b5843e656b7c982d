// needs: engine, script
// time limit: 900 s
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { Host, passphrase, removeHosts } from "../rig/host.js";
import { newFolder } from "../rig/folder.js";
import { withSealed, withVault } from "../rig/with-vault.js";

// The remote's copies of earlier vaults: listing, restoring and purging them.

test.after(removeHosts);

interface Listed {
  readonly number: number;
  readonly name: string;
  readonly generation: number;
  readonly host: string;
  readonly bytes: number;
  readonly here: boolean;
  readonly current: boolean;
  readonly changes?: { readonly added: string[]; readonly changed: string[]; readonly removed: string[] };
}

async function history(host: Host, ...options: string[]): Promise<readonly Listed[]> {
  const done = await host.tazpod("history", "--json", "--passphrase-file", host.passphraseFile, ...options);
  assert.is(done.code, 0, done.stderr);
  return (JSON.parse(done.stdout) as { copies: Listed[] }).copies;
}

async function change(host: Host, script: string): Promise<void> {
  const done = await host.enter(script);
  assert.is(done.code, 0, done.stderr);
}

let model: { readonly host: Host; readonly usb: string } | undefined;

/** A host with three generations of a vault: key is 1, then 2 with more, then 3 without it. Made once, and copied. */
async function threeGenerations(): Promise<Host> {
  if (model === undefined) {
    const usb = await newFolder("usb");
    const host = await withVault(urlOf(usb), "echo 1 > ~/secrets/key");
    await change(host, "echo 2 > ~/secrets/key; echo more > ~/secrets/more");
    await change(host, "echo 3 > ~/secrets/key; rm ~/secrets/more");
    model = { host, usb };
  }
  const usb = await newFolder("usb");
  await cp(model.usb, usb, { recursive: true, preserveTimestamps: true });
  const host = await Host.make({ remote: urlOf(usb) });
  const vault = host.path(".tazpod", "vault");
  await mkdir(vault, { mode: 0o700 });
  await cp(model.host.vault, host.vault, { preserveTimestamps: true });
  const state = await readFile(model.host.state("state.json"), "utf8");
  await mkdir(host.state(), { recursive: true, mode: 0o700 });
  await writeFile(host.state("state.json"), state.replaceAll(urlOf(model.usb), urlOf(usb)));
  return host;
}

const urlOf = (folder: string): string => `file://${folder}/vault.tar.aes`;

test("history lists every push, newest first, with its host and size and the names of changed files", async () => {
  const host = await threeGenerations();
  const copies = await history(host, "--changes");
  assert.equal(
    copies.map(({ number }) => number),
    [1, 2, 3],
  );
  assert.equal(
    copies.map(({ here, current }) => [here, current]),
    [
      [true, true],
      [false, false],
      [false, false],
    ],
  );
  const [third, second, first] = copies;
  assert.ok((third?.generation ?? 0) > (second?.generation ?? 0));
  assert.ok((second?.generation ?? 0) > (first?.generation ?? 0));
  assert.equal(third?.changes, { added: [], changed: ["key"], removed: ["more"] });
  assert.equal(second?.changes, { added: ["more"], changed: ["key"], removed: [] });
  assert.is(first?.changes, undefined);
  const text = await host.tazpod("history", "--changes", "--passphrase-file", host.passphraseFile);
  assert.match(
    text.stdout,
    /^ {3}1 .* generation \d+ .* B {2}at the remote, here\n {6}~ key\n {6}- more\n {3}2 /,
  );
  assert.not.match(text.stdout, /echo|more\n.*more\n.*more\n/);
  const none = await (await withSealed("none")).tazpod("history");
  assert.is(none.code, 0, none.stderr);
  assert.match(none.stdout, /no history/);
});

test("a damaged copy does not keep history from listing the changes of the others", async () => {
  const host = await threeGenerations();
  const folder = join(dirname(fileURLToPath(await remoteOf(host))), "history");
  const [oldest = ""] = (await readdir(folder)).filter((name) => name.endsWith(".aes")).toSorted();
  await truncate(join(folder, oldest), 10);
  const done = await host.tazpod("history", "--changes", "--passphrase-file", host.passphraseFile);
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stdout, / {6}~ key\n {6}- more\n {3}2 .*\n {3}3 .*\n {6}damaged\n$/);
});

test("history asks for a passphrase that is typed wrong three times, not again for each copy", async () => {
  const host = await threeGenerations();
  const pty = host.pty("history", "--changes");
  for (let tries = 0; tries < 3; tries++) await pty.secret("Passphrase of the vault:", "wrong");
  assert.is(await pty.ended, 1, pty.screen);
  assert.match(pty.screen, /the passphrase is wrong/);
});

test("where the remote's vault is gone but not its copies, a new host is told of them before it creates an empty vault", async () => {
  const host = await threeGenerations();
  const url = await remoteOf(host);
  await rm(fileURLToPath(url));
  const [other, third] = [await Host.make({ remote: url }), await Host.make({ remote: url })];
  const restored = await other.run("restore", "--at", "1");
  assert.is(restored.code, 0, restored.stderr);
  assert.is((await other.enter("cat ~/secrets/key")).stdout, "3\n");
  await rm(fileURLToPath(url));
  const pty = third.pty("create", "--yes");
  await pty.expect(
    /There is no vault at file:.*, but copies of earlier ones, the newest of .*restore --at 1/s,
  );
  await pty.expect("Passphrase for the new vault");
  pty.interrupt();
  assert.is(await pty.ended, 130, pty.screen);
  assert.not.ok(existsSync(third.vault));
  assert.is((await third.run("create")).code, 0);
});

test("restore makes an earlier copy the current vault, as a new generation that every host accepts", async () => {
  const host = await threeGenerations();
  const other = await Host.make({ remote: await remoteOf(host) });
  assert.is((await other.enter("cat ~/secrets/key")).stdout, "3\n");
  const done = await host.run("restore", "--at", "2");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /restored: copy 2, of .*, as a new generation/);
  const copies = await history(host);
  assert.is(copies.length, 4);
  assert.ok((copies[0]?.generation ?? 0) > (copies[1]?.generation ?? 0));
  const found = await other.enter("cat ~/secrets/key ~/secrets/more");
  assert.is(found.stdout, "2\nmore\n", found.stderr);
});

test("restore works on a host without a vault and by time, and without --yes it does not push", async () => {
  const host = await threeGenerations();
  const fresh = await Host.make({ remote: await remoteOf(host) });
  const done = await fresh.tazpod(
    "run",
    "restore",
    "--at",
    "2099-01-01",
    "--passphrase-file",
    host.passphraseFile,
  );
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /Not pushed yet/);
  assert.match((await fresh.tazpod("status")).stdout, /- vault-pushed/);
  assert.is((await history(host)).length, 3);
  assert.is((await fresh.enter("cat ~/secrets/key")).stdout, "3\n");
  assert.is((await history(host)).length, 4);
});

test("restore does not replace an unpushed vault; with --force it keeps a backup of it", async () => {
  const host = await threeGenerations();
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("echo mine > ~/secrets/mine");
  const open = await host.run("restore", "--at", "3");
  assert.is(open.code, 3, open.stderr);
  assert.is((await host.run("lock")).code, 0);
  const before = await readFile(host.vault);
  const refused = await host.run("restore", "--at", "3");
  assert.is(refused.code, 5, refused.stderr);
  assert.match(refused.stderr, /not pushed.*--force/s);
  assert.equal(await readFile(host.vault), before);
  const forced = await host.run("restore", "--at", "3", "--force");
  assert.is(forced.code, 0, forced.stderr);
  assert.equal(await readFile(`${host.vault}.bak-1`), before);
  assert.is((await host.enter("cat ~/secrets/key; ls ~/secrets")).stdout, "1\nkey\n");
});

test("restore explains its argument, and lists the available copies", async () => {
  const host = await threeGenerations();
  for (const [options, code, text] of [
    [[], 2, "--at N or --at TIME"],
    [["--at", "17"], 2, "There is no copy in the history"],
    [["--at", "soon"], 2, "--at takes a number"],
  ] as const) {
    const done = await host.run("restore", ...options);
    assert.is(done.code, code, done.stderr);
    assert.match(done.stderr, text);
  }
  assert.not.ok(existsSync(`${host.vault}.bak-1`));
});

test("after a passphrase change purging old copies is offered, and restoring one asks for the old passphrase", async () => {
  const host = await threeGenerations();
  const fresh = "another horse, another battery";
  const kept = host.pty("passwd");
  await kept.secret("Old passphrase of the vault:", passphrase);
  await kept.secret(/New passphrase of the vault .*:/, fresh);
  await kept.secret(/Repeat it .*:/, fresh);
  await kept.expect(/Push the vault to file:.* and remove the older copies there\? \[y\/N\]/s);
  kept.line("");
  await kept.expect("tazpod run purge-history");
  assert.is(await kept.ended, 0, kept.screen);
  assert.is((await history(host)).length, 3);
  await writeFile(host.passphraseFile, `${fresh}\n`, { mode: 0o600 });
  assert.is((await host.run("push")).code, 0);

  const back = host.pty("run", "restore", "--at", "4");
  await back.secret("Passphrase of the vault:", fresh);
  await back.expect("It has a different passphrase.");
  await back.secret("Passphrase of that copy:", passphrase);
  await back.expect("Push it to");
  back.line("");
  assert.is(await back.ended, 0, back.screen);
  assert.is((await host.enter("cat ~/secrets/key")).stdout, "1\n");

  const purge = host.pty("passwd");
  await purge.secret("Old passphrase of the vault:", fresh);
  await purge.secret(/New passphrase of the vault .*:/, passphrase);
  await purge.secret(/Repeat it .*:/, passphrase);
  await purge.expect("[y/N]");
  purge.line("y");
  await purge.expect(/Removed 5 copies from the history; 1 remains/);
  assert.is(await purge.ended, 0, purge.screen);
  await writeFile(host.passphraseFile, `${passphrase}\n`, { mode: 0o600 });
  assert.equal(
    (await history(host)).map(({ here, current }) => [here, current]),
    [[true, true]],
  );
  assert.is((await host.enter("cat ~/secrets/key")).stdout, "1\n");
});

test("purge-history requires a confirmation and a pushed vault", async () => {
  const host = await threeGenerations();
  const unasked = await host.tazpod("run", "purge-history");
  assert.is(unasked.code, 4, unasked.stderr);
  assert.match(unasked.stderr, "--yes=purge-history");
  const asked = host.pty("run", "purge-history");
  await asked.expect("This cannot be undone. [y/N]");
  asked.line("");
  assert.is.not(await asked.ended, 0, asked.screen);
  assert.is((await history(host)).length, 3);
  const done = await host.run("purge-history");
  assert.is(done.code, 0, done.stderr);
  assert.is((await history(host)).length, 1);
});

async function remoteOf(host: Host): Promise<string> {
  return /^remote: (.*)$/m.exec(await readFile(host.path(".tazpod", "config.yaml"), "utf8"))?.[1] ?? "";
}

test("without a remote, what needs one says so, and does not take none for a place", async () => {
  const host = await withSealed("none", { key: "1\n" });
  for (const words of [["pull"], ["push"], ["merge"], ["restore", "--at", "1"], ["purge-history"]]) {
    const done = await host.tazpod("run", ...words, "--passphrase-file", host.passphraseFile);
    assert.is.not(done.code, 0, words.join(" "));
    assert.match(done.stderr, /this project has no remote/i);
    assert.not.match(done.stderr, /\bnone:|none has not changed|history of none|pushed to none/);
  }
});

test.run();
