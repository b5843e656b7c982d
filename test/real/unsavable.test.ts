// needs: docker, root
// time limit: 900 s
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { newFolder } from "../rig/folder.js";
import { bin, Host, removeHosts, run } from "../rig/host.js";
import { withSealed } from "../rig/with-vault.js";

// Files that cannot be saved stay in place and are named, and the previous vault still opens.

const mounts: string[] = [];

test.after(async () => {
  await removeHosts();
  for (const mount of mounts) await run("umount", ["-l", mount]);
});

test("what holds nothing is left out and named, and hard links become two files", async () => {
  const host = await withSealed("none");
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("cd ~/secrets; mkfifo pipe; ln key second; mkdir a; ln key a/third; echo new > new");
  const done = await host.run("lock");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /Not saved, so that the vault keeps what it had there: pipe\n/);
  assert.is(await host.secrets(), "");
  const found = await host.enter("cd ~/secrets; cat key second a/third new; stat -c %h key");
  assert.is(found.stdout, "keptkeptkeptnew\n1\n", found.stderr);
});

test("a file that a vault cannot contain is named, everything else is saved, and the vault stays open until --discard", async () => {
  const host = await withSealed("none");
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("cd ~/secrets; ln -s /etc/passwd link; echo new > new");
  const done = await host.run("lock");
  assert.is(done.code, 1, done.stderr);
  assert.match(done.stderr, /Everything was saved but .*"link": it is a link to an absolute path/s);
  assert.match(await host.secrets(), "link");
  const listed = await host.tazpod("vault", "ls", "--passphrase-file", host.passphraseFile);
  assert.match(listed.stdout, / new$/m);
  await host.inside("rm ~/secrets/link");
  await host.inside("echo x > ~/secrets/shut; chmod 000 ~/secrets/shut");
  const unreadable = await host.run("lock");
  assert.is(unreadable.code, 1, unreadable.stderr);
  assert.match(unreadable.stderr, /shut.*[Pp]ermission denied/);
  assert.match(await host.secrets(), "shut");
  const discarded = await host.run("lock", "--discard");
  assert.is(discarded.code, 0, discarded.stderr);
  assert.is(await host.secrets(), "");
  assert.is((await host.enter("cat ~/secrets/key; ls ~/secrets")).stdout, "keptkey\nnew\n");
});

test("an autosave that meets such a file says so in the shell, and saves the rest", async () => {
  const host = await withSealed("none", { key: "kept" }, "session: { autosave: 4s }\n");
  const pty = host.pty("enter", "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  pty.line("cd ~/secrets; ln -s /etc/passwd link; echo new > new");
  await pty.expect(/tazpod: Everything was saved but .*"link": it is a link to an absolute path/s);
  const listed = await host.tazpod("vault", "ls", "--passphrase-file", host.passphraseFile);
  assert.match(listed.stdout, / new$/m);
  pty.line("rm link; mkfifo pipe; echo more > more");
  await pty.expect("tazpod: Not saved, so that the vault keeps what it had there: pipe");
  pty.line("exit");
  assert.is(await pty.ended, 0, pty.screen);
  assert.is((await host.enter("ls ~/secrets")).stdout, "key\nmore\nnew\n");
});

test("of a file that cannot be read or keeps changing, the vault keeps what was saved last", async () => {
  const host = await withSealed("none", { db: "old", log: "old", "d/in": "old" });
  assert.is((await host.run("unlock")).code, 0);
  await run("docker", [
    ...["exec", "--detach", "--user", "tazpod", host.container, "sh", "-c"],
    "cd; cd secrets; while [ -e db ]; do printf x >> log; sleep 0.01; done",
  ]);
  await host.inside("cd ~/secrets; echo more >> db; chmod 000 db d; echo new > new");
  const refused = await host.run("save");
  assert.is(refused.code, 1, refused.stderr);
  await host.removeContainer();
  const found = await host.enter("cd ~/secrets; chmod 700 d; cat db d/in new; head -c 3 log");
  assert.is(found.stdout, "oldoldnew\nold", found.stderr);
});

test("beside another vault in its place, with another passphrase, what can be read is sealed to a separate file", async () => {
  const [host, other] = [await withSealed("none"), await withSealed("none")];
  const words = join(await newFolder("words"), "words");
  await writeFile(words, "an altogether different passphrase\n", { mode: 0o600 });
  assert.is((await other.run("passwd", "--new-passphrase-file", words)).code, 0);
  const pty = host.pty("enter", "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  await copyFile(other.vault, host.vault);
  pty.line("cd ~/secrets; chmod 000 key; echo new > new; exit");
  await pty.ended;
  assert.ok(/conflicts\/vault-/.test(pty.screen), pty.screen);
});

test("lock --skip-unreadable names what it leaves out, also if nothing else has changed", async () => {
  const host = await withSealed("none");
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("echo x > ~/secrets/shut; chmod 000 ~/secrets/shut");
  const done = await host.run("lock", "--skip-unreadable");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /Not saved, .*: shut\n/);
  assert.is(await host.secrets(), "");
});

test("--skip-unreadable saves the rest, names the files it leaves out, and locks", async () => {
  const host = await withSealed("none");
  assert.is((await host.run("unlock")).code, 0);
  await host.inside(
    `cd ~/secrets; mkfifo pipe; ln key hard; ln -s /etc/passwd link; echo x > shut; chmod 000 shut
    mkdir -m 000 dir; echo new > new`,
  );
  const refused = await host.run("save");
  assert.is(refused.code, 1);
  assert.match(refused.stderr, "--skip-unreadable");
  const saved = await host.run("lock", "--skip-unreadable");
  assert.is(saved.code, 0, saved.stderr);
  const named = /Not saved, so that the vault keeps what it had there: (.*)/
    .exec(refused.stderr)?.[1]
    ?.split(", ")
    .toSorted();
  assert.equal(named, ["dir", "link", "pipe", "shut"]);
  assert.is(await host.secrets(), "");
  const found = await host.enter("cd ~/secrets; cat new hard key; ls -A");
  assert.is(found.stdout, "new\nkeptkept.tazpod\ndir\nhard\nkey\nnew\n", found.stderr);
});

test("a file that is constantly written to is named, and is left out with --skip-unreadable", async () => {
  const host = await withSealed("none");
  assert.is((await host.run("unlock")).code, 0);
  // written by another process than those that check, like a log
  await run("docker", [
    ...["exec", "--detach", "--user", "tazpod", host.container, "sh", "-c"],
    "cd; cd secrets; while [ -e key ]; do printf x >> log; sleep 0.01; done",
  ]);
  const refused = await host.run("save");
  assert.is(refused.code, 1, refused.stderr);
  // it changed while it was read, or right after
  assert.match(refused.stderr, /log: it changed each|\(at log\)|log changed since the save/, refused.stderr);
  assert.match(refused.stderr, "--skip-unreadable");
  const saved = await host.run("save", "--skip-unreadable");
  assert.is(saved.code, 0, saved.stderr);
  assert.match(saved.stderr, /Not saved, so that the vault keeps what it had there: log\n/);
  assert.is((await host.run("lock", "--discard")).code, 0);
  // the vault has the file as one of the saves found it, or not at all
  assert.match((await host.enter("cat ~/secrets/key; ls ~/secrets")).stdout, /^keptkey\n(log\n)?$/);
});

test("a read-only folder is saved and restored with its mode", async () => {
  const host = await withSealed("none");
  const made = await host.enter("mkdir ~/secrets/ro && echo in > ~/secrets/ro/f && chmod 500 ~/secrets/ro");
  assert.is(made.code, 0, made.stderr);
  assert.is(await host.secrets(), "");
  const seen = await host.enter("cat ~/secrets/ro/f; stat -c %a ~/secrets/ro");
  assert.is(seen.stdout, "in\n500\n", seen.stderr);
});

test("a vault larger than the secrets folder is refused before anything is unpacked, with what to set", async () => {
  const host = await withSealed("none");
  assert.is((await host.enter("head -c 3000000 /dev/urandom > ~/secrets/big")).code, 0);
  const before = await readFile(host.vault);
  await host.configure("none", "vault: { size: 2m }\n");
  const done = await host.enter("echo ran");
  assert.is(done.code, 1, done.stderr);
  assert.is(done.stdout, "");
  assert.match(done.stderr, /at most \d+ are allowed[\s\S]*vault\.size/);
  assert.is(await host.secrets(), "");
  assert.equal(await readFile(host.vault), before);
});

test("a save on a full disk keeps the old vault and the open files, and the next lock with free space succeeds", async () => {
  const disk = await newFolder("disk");
  assert.is((await run("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk])).code, 0);
  mounts.push(disk);
  const host = await withSealed("none");
  assert.is(
    (
      await run("sh", [
        "-c",
        `cp -a '${host.path(".tazpod", "vault")}/.' '${disk}' && mount --bind '${disk}' '${host.path(".tazpod", "vault")}'`,
      ])
    ).code,
    0,
  );
  mounts.push(host.path(".tazpod", "vault"));
  const before = await readFile(host.vault);
  assert.is((await host.run("unlock")).code, 0);
  await host.inside("head -c 4000000 /dev/urandom > ~/secrets/big");
  const full = await host.run("lock");
  assert.is(full.code, 1, full.stderr);
  assert.match(full.stderr, /no space left/i);
  assert.equal(await readFile(host.vault), before);
  assert.match(await host.secrets(), "big");
  await host.inside("rm ~/secrets/big; echo small > ~/secrets/small");
  const done = await host.run("lock");
  assert.is(done.code, 0, done.stderr);
  assert.is((await host.enter("cat ~/secrets/small")).stdout, "small\n");
});

test("a project path with colons, commas, quotes, spaces and non-ASCII letters works, from a subfolder and with --project", async () => {
  const root = join(await newFolder("p"), `a:b, "c" d'é ✓`);
  await mkdir(join(root, "sub", "deeper"), { recursive: true });
  const host = await Host.make({ remote: "none" });
  await symlink(root, `${host.folder}-link`);
  await run("cp", ["-a", host.path(".tazpod"), root]);
  const enter = (cwd: string, ...args: string[]) =>
    run(
      process.execPath,
      [
        bin,
        ...args,
        "enter",
        "--yes",
        "--passphrase-file",
        host.passphraseFile,
        "--",
        "sh",
        "-c",
        "pwd; ls -d /workspace/sub; date >> ~/secrets/log; wc -l < ~/secrets/log",
      ],
      { cwd },
    );
  const first = await enter(join(root, "sub", "deeper"));
  assert.is(first.code, 0, first.stderr);
  assert.is(first.stdout, "/workspace\n/workspace/sub\n1\n");
  const second = await enter("/", "--project", root);
  assert.is(second.stdout, "/workspace\n/workspace/sub\n2\n", second.stderr);
  const third = await enter("/", "--project", `${host.folder}-link`);
  assert.is(third.stdout, "/workspace\n/workspace/sub\n3\n", third.stderr);
});

test.run();
