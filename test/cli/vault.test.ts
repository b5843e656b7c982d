// needs: engine, script, tar
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { newFolder } from "../rig/folder.js";
import { Host, passphrase, removeHosts, run, shellBin } from "../rig/host.js";
import { folderRemote, withSealed } from "../rig/with-vault.js";

let host: Host;
let pile = "";

test.before(async () => {
  host = await Host.make({ remote: "none" });
  pile = await newFolder("pile");
  await mkdir(join(pile, ".ssh"));
  await chmod(join(pile, ".ssh"), 0o700);
  await writeFile(join(pile, ".ssh", "id"), "a key", { mode: 0o600 });
  await writeFile(join(pile, "note"), "a note\n");
  await symlink(".ssh/id", join(pile, "link"));
});

test.after(removeHosts);

const vault = (...args: string[]) => host.tazpod("vault", ...args, "--passphrase-file", host.passphraseFile);

test("import makes a vault from a folder of secrets, and does not replace an existing vault", async () => {
  const done = await vault("import", pile);
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, "Vault imported: 2 files");
  const before = await readFile(host.vault);
  const again = await vault("import", pile);
  assert.is(again.code, 3);
  assert.ok((await readFile(host.vault)).equals(before));
  assert.equal(await readdir(host.path(".tazpod", "vault")), ["vault.tar.aes"]);
});

test("ls prints names, sizes and times, and no content", async () => {
  const done = await vault("ls");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stdout, /5 B {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}\.ssh\/id\n/);
  assert.match(done.stdout, /link -> \.ssh\/id\n/);
  assert.not.match(done.stdout, "a key");
  const { format, generation, entries } = JSON.parse((await vault("ls", "--json")).stdout) as {
    format: string;
    generation: number;
    entries: { path: string; mode: string; size: number }[];
  };
  assert.equal([format, generation], ["age", 1]);
  assert.equal(entries.map(({ path }) => path).toSorted(), [".ssh", ".ssh/id", "link", "note"]);
  assert.is(entries.find(({ path }) => path === ".ssh/id")?.mode, "600");
});

test("verify reads the vault to the last byte, writes nothing, and detects a changed byte", async () => {
  const before = await readFile(host.vault);
  const good = await vault("verify");
  assert.is(good.code, 0, good.stderr);
  assert.match(good.stdout, /is intact: 2 files, 12 B, format age/);
  assert.ok((await readFile(host.vault)).equals(before));
  const changed = Buffer.from(before);
  changed[before.length - 30] = (before.at(-30) ?? 0) ^ 1;
  await writeFile(host.vault, changed);
  const bad = await vault("verify");
  await writeFile(host.vault, before);
  assert.is(bad.code, 1);
  assert.match(bad.stderr, /is damaged/);
  assert.is(bad.stdout, "");
});

test("export writes a plain tar, and refuses to write it to a terminal", async () => {
  const folder = await newFolder("out");
  const command = `${shellBin} vault export --passphrase-file '${host.passphraseFile}' | tar -C '${folder}' -xf -`;
  const done = await run("sh", ["-c", command], { cwd: host.folder });
  assert.is(done.code, 0, done.stderr);
  assert.is(execFileSync("diff", ["-r", pile, folder], { encoding: "utf8" }), "");
  const pty = host.pty("vault", "export");
  await pty.expect("does not write to a terminal");
  assert.is(await pty.ended, 2, pty.screen);
});

test("diff lists the names of files added, changed and removed in RAM, and fails if the vault is closed", async () => {
  assert.is((await vault("diff")).code, 3);
  const unlocked = await host.run("unlock");
  assert.is(unlocked.code, 0, unlocked.stderr);
  assert.is((await vault("diff")).stdout, "");
  await host.inside("cd ~/secrets && echo more > new && echo other > note && rm link");
  assert.is((await vault("diff")).stdout, "+ new\n~ note\n- link\n");
  assert.equal(JSON.parse((await vault("diff", "--json")).stdout), {
    added: ["new"],
    changed: ["note"],
    removed: ["link"],
  });
});

test("a vault that is unlocked and locked without a change stays the same file, byte for byte", async () => {
  assert.is((await host.run("lock", "--discard")).code, 0);
  const before = await readFile(host.vault);
  assert.is((await host.enter("cat ~/secrets/note; touch ~/secrets/note")).code, 0);
  assert.ok((await readFile(host.vault)).equals(before));
});

test("import also reads a tar, and --force keeps the old vault as a backup", async () => {
  const before = await readFile(host.vault);
  const tar = join(await newFolder("tar"), "pile.tar");
  execFileSync("tar", ["-C", pile, "-cf", tar, "."]);
  const done = await vault("import", tar, "--force");
  assert.is(done.code, 0, done.stderr);
  assert.ok((await readFile(`${host.vault}.bak-1`)).equals(before));
  assert.match((await vault("verify")).stdout, "2 files");
  assert.is((await vault("import", "/nowhere", "--force")).code, 2);
  execFileSync("gzip", [tar]);
  for (const [path, what] of [
    [`${tar}.gz`, "compressed with gzip"],
    [host.vault, "encrypted with age"],
  ] as const) {
    const packed = await vault("import", path, "--force");
    assert.is(packed.code, 2, packed.stderr);
    assert.match(packed.stderr, what);
  }
});

test("an imported vault is newer than the one that it replaces, so that other hosts take it for no old copy", async () => {
  const url = await folderRemote();
  const one = await withSealed(url);
  const two = await Host.make({ remote: url });
  assert.is((await one.enter("echo 2 > ~/secrets/key")).code, 0);
  assert.is((await two.enter("cat ~/secrets/key")).stdout, "2\n");
  const words = ["vault", "import", pile, "--force", "--passphrase-file", one.passphraseFile];
  assert.is((await one.tazpod(...words)).code, 0);
  assert.is((await one.run("push")).code, 0);
  const done = await two.enter("cat ~/secrets/note");
  assert.is(done.stdout, "a note\n", done.stderr);
});

test("import does not replace a vault that is open", async () => {
  const open = await withSealed("none");
  const before = await readFile(open.vault);
  assert.is((await open.run("unlock")).code, 0);
  const words = ["vault", "import", pile, "--force", "--passphrase-file", open.passphraseFile];
  const refused = await open.tazpod(...words);
  assert.is(refused.code, 3, refused.stderr);
  assert.match(refused.stderr, /The vault is open, so it was not replaced/);
  assert.ok((await readFile(open.vault)).equals(before));
  assert.is((await open.run("lock")).code, 0);
  assert.is((await open.tazpod(...words)).code, 0);
});

test("a file that is no archive is imported as that file, with its mode", async () => {
  const other = await Host.make({ remote: "none" });
  const folder = await newFolder("env");
  for (const [content, mode] of [
    ["A=1\nB='two'\n", 0o640],
    ["x".repeat(5000), 0o600],
    ["", 0o600],
  ] as const) {
    await writeFile(join(folder, ".env"), content, { mode });
    await chmod(join(folder, ".env"), mode);
    const flags = ["--force", "--passphrase-file", other.passphraseFile];
    const done = await other.tazpod("vault", "import", join(folder, ".env"), ...flags);
    assert.is(done.code, 0, done.stderr);
    assert.match(done.stderr, "Vault imported: 1 file");
    const listed = await other.tazpod("vault", "ls", "--json", ...flags.slice(1));
    const { entries } = JSON.parse(listed.stdout) as { entries: { path: string; mode: string }[] };
    assert.equal(
      entries.map(({ path, mode: shown }) => [path, shown]),
      [[".env", mode.toString(8)]],
    );
    assert.is((await other.tazpod("vault", "cat", ".env", ...flags.slice(1))).stdout, content);
  }
  const again = await other.tazpod("vault", "import", join(folder, ".env"));
  assert.is(again.code, 3);
  assert.match(again.stderr, /import FILE --force` replaces it and keeps it[^]*vault set PATH < FILE/);
});

test("an unknown vault command gets a suggestion, and a wrong passphrase shows nothing of the vault", async () => {
  assert.match((await host.tazpod("vault", "verfy")).stderr, /Did you mean "verify"\?/);
  assert.is((await host.tazpod("vault")).code, 2);
  assert.match((await host.tazpod("vault", "--help")).stdout, "vault import FILE");
  const wrong = join(await newFolder("wrong"), "pass");
  await writeFile(wrong, `${passphrase}!`, { mode: 0o600 });
  const done = await host.tazpod("vault", "ls", "--passphrase-file", wrong);
  assert.is(done.code, 1);
  assert.is(done.stdout, "");
});

test.run();
