// needs: script
// time limit: 600 s
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { Secret } from "../../lib/host/secret.js";
import { inspectVault } from "../../lib/vault/inspect-vault.js";
import { dieEverywhere } from "../rig/die-at.js";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, type Host, passphrase, run, shellBin } from "../rig/host.js";
import { Pty } from "../rig/pty.js";
import { ramFolder, removeRamFolders } from "../rig/ram-folder.js";
import { value } from "../rig/result.js";
import { fixture } from "../rig/root.js";
import { until } from "../rig/until.js";
import { folderRemote, withSealed } from "../rig/with-vault.js";

// Single files of a vault, without a container.

test.after(async () => {
  Pty.endAll();
  await removeRamFolders();
});

/** A host with a vault, and no engine that could answer. */
async function hostWith(files: Readonly<Record<string, string>>, more = "", remote = "none"): Promise<Host> {
  const host = await withSealed(remote, files, more);
  Object.assign(host.env, {
    TAZPOD_PASSPHRASE_FILE: host.passphraseFile,
    TAZPOD_ENGINE: "docker",
    DOCKER_HOST: "unix:///nowhere",
    XDG_RUNTIME_DIR: await ramFolder(),
  });
  return host;
}

const vault = (host: Host, ...words: string[]): Promise<Ended> => host.tazpod("vault", ...words);

function set(host: Host, path: string, input: string, ...flags: string[]): Promise<Ended> {
  return run(process.execPath, [bin, "vault", "set", path, ...flags], {
    cwd: host.folder,
    env: host.env,
    input,
  });
}

async function entries(host: Host): Promise<Record<string, string>> {
  const { summary } = value(await inspectVault(host.vault, Secret.fromText(passphrase)));
  return Object.fromEntries(
    summary.entries.map(({ entry: { path, mode, size } }) => [path, `${mode.toString(8)} ${size}`]),
  );
}

/** A program that is run as the editor, with the file's path as `$1`. */
async function editor(host: Host, script: string): Promise<void> {
  const path = join(await newFolder("editor"), "my editor");
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  host.env["EDITOR"] = `'${path}'`;
}

/** What is in the folders of `edit` in RAM. */
async function left(host: Host): Promise<string[]> {
  return readdir(`${host.env["XDG_RUNTIME_DIR"]}/tazpod/edit`).catch(() => []);
}

test("set stores stdin byte for byte, cat writes it, and the others keep content, modes and times", async () => {
  const host = await hostWith({ "prod/key": "kept" });
  const before = value(await inspectVault(host.vault, Secret.fromText(passphrase)));
  for (const content of ["no newline", "a newline\n", "\n\n", "\0\x01binary\r\n"]) {
    const done = await set(host, "prod/api-key", content);
    assert.is(done.code, 0, done.stderr);
    assert.match(done.stderr, /^✔ Vault saved: prod\/api-key (added|changed), \d+ B\n$/);
    assert.is((await vault(host, "cat", "prod/api-key")).stdout, content);
  }
  const after = value(await inspectVault(host.vault, Secret.fromText(passphrase)));
  const line = (all: typeof before, path: string) =>
    all.summary.entries.find(({ entry }) => entry.path === path);
  assert.equal(line(after, "prod/key"), line(before, "prod/key"));
  assert.is(line(after, "prod/api-key")?.entry.mode, 0o600);
  assert.is(after.summary.manifest?.generation, (before.summary.manifest?.generation ?? 0) + 4);
  assert.equal(await readdir(host.path(".tazpod", "vault")), ["vault.tar.aes"]);
});

test("10 MB of random bytes come back as they were, and the same content again changes nothing", async () => {
  const host = await hostWith({ key: "kept" });
  const big = join(await newFolder("big"), "big");
  await writeFile(big, randomBytes(10_000_000));
  const script = `${shellBin} vault set big < '${big}' && ${shellBin} vault cat big | cmp - '${big}'`;
  const done = await run("sh", ["-c", script], { cwd: host.folder, env: host.env });
  assert.is(done.code, 0, `${done.stdout}${done.stderr}`);
  const sealed = await readFile(host.vault);
  assert.match((await set(host, "key", "kept")).stderr, "Nothing was changed.");
  assert.ok((await readFile(host.vault)).equals(sealed));
});

test("a value that no vault of this size can hold is refused", async () => {
  const host = await hostWith({ key: "k".repeat(100 * 1024) }, "vault: { size: 1m }\n");
  const done = await set(host, "big", "x".repeat(1024 * 1024));
  assert.is(done.code, 2);
  assert.match(done.stderr, /larger than a vault of this size can be .*\n.*vault\.size/);
  const together = await set(host, "big", "x".repeat(850 * 1024));
  assert.is(together.code, 1, together.stderr);
  assert.match(together.stderr, "Raise vault.size");
  assert.equal(Object.keys(await entries(host)), ["key"]);
});

test("paths may have odd characters; new folders are private, and existing modes are kept", async () => {
  const host = await hostWith({ key: "kept" });
  for (const path of ["a b/ü/it's $HOME", "-x", "new\nline", "deep/er/and/deeper"]) {
    const typed = path.startsWith("-") ? `./${path}` : path;
    const done = await set(host, typed, "v");
    assert.is(done.code, 0, done.stderr);
    assert.is(done.stderr.trimEnd().split("\n").length, 1);
    assert.is((await vault(host, "cat", typed)).stdout, "v");
  }
  const found = await entries(host);
  assert.is(found["deep/er"], "700 0");
  assert.is(found["a b/ü/it's $HOME"], "600 1");
});

test("a path that no vault holds, a folder, a file's child and an unknown name are refused, with what to do", async () => {
  const host = await hostWith({ "prod/key": "kept", note: "n" });
  const sealed = await readFile(host.vault);
  for (const [path, message] of [
    ["/etc/passwd", "its path is absolute"],
    ["../up", "leads outside"],
    ["prod/", "does not end with `/`"],
    ["", "it has no name"],
    [".tazpod/x", "leaves it out of every vault"],
    [".vault_pass", "leaves it out of every vault"],
    ["x".repeat(256), "more than 255 bytes"],
    ["prod", "is a folder, and not a file"],
    ["prod/key/x", "is a file, so nothing is below it"],
  ] as const) {
    for (const done of [await set(host, path, "v"), await vault(host, "cat", path)]) {
      assert.is(done.code, 2, path);
      assert.match(done.stderr, message);
      assert.is(done.stdout, "");
    }
  }
  for (const command of ["cat", "rm"]) {
    const near = await vault(host, command, "prod/kye");
    assert.is(near.code, 2);
    assert.match(near.stderr, 'Did you mean "prod/key"?');
    assert.match(
      (await vault(host, command, "elsewhere")).stderr,
      'There is no file "elsewhere" in the vault.',
    );
  }
  assert.ok((await readFile(host.vault)).equals(sealed));
});

test("an empty value is refused unless forced, since the command before the pipe may have failed", async () => {
  const host = await hostWith({ key: "kept" });
  const refused = await set(host, "key", "");
  assert.is(refused.code, 2);
  assert.match(refused.stderr, "is empty, so nothing was changed");
  assert.is((await vault(host, "cat", "key")).stdout, "kept");
  assert.is((await set(host, "key", "", "--force")).code, 0);
  assert.is((await vault(host, "cat", "key")).stdout, "");
});

test("on a terminal, set asks without echo, and cat shows a text without control characters and no binary", async () => {
  const host = await hostWith({ key: "kept", odd: "red \u001b[31mtext", binary: "\0\0" });
  const typed = host.pty("vault", "set", "key");
  await typed.secret("Value of key:", "s3cret");
  assert.is(await typed.ended, 0, typed.screen);
  assert.not.match(typed.screen, "s3cret");
  assert.is((await vault(host, "cat", "key")).stdout, "s3cret");
  const odd = host.pty("vault", "cat", "odd");
  await odd.expect("red \ufffd[31mtext");
  assert.is(await odd.ended, 0, odd.screen);
  const binary = host.pty("vault", "cat", "binary");
  await binary.expect("is not a text");
  assert.is(await binary.ended, 2);
});

test("with the value in a pipe, the passphrase is asked for on the terminal", async () => {
  const host = await hostWith({ key: "kept" });
  delete host.env["TAZPOD_PASSPHRASE_FILE"];
  const script = `printf piped | ${shellBin} vault set key`;
  const pty = new Pty(["sh", "-c", script], { cwd: host.folder, env: host.env });
  await pty.secret("Passphrase of the vault:", "wrong");
  await pty.secret(/2 more tries[^]*Passphrase of the vault:/, passphrase);
  assert.is(await pty.ended, 0, pty.screen);
  assert.not.match(pty.screen, passphrase);
  assert.is((await vault(host, "cat", "key", "--passphrase-file", host.passphraseFile)).stdout, "piped");
});

test("rm asks, removes a file, and a folder with its content only when forced", async () => {
  const host = await hostWith({ "prod/key": "k", "prod/more": "m", note: "n" });
  const unasked = await vault(host, "rm", "note");
  assert.is(unasked.code, 4);
  assert.match(unasked.stderr, "--yes");
  const asked = host.pty("vault", "rm", "note");
  await asked.expect("Remove note from the vault? [y/N]");
  asked.line("n");
  assert.is(await asked.ended, 3, asked.screen);
  const removed = await vault(host, "rm", "note", "--yes", "--json");
  assert.equal(JSON.parse(removed.stdout), { outcome: "done", path: "note", change: "removed", dropped: [] });
  const full = await vault(host, "rm", "prod/", "--yes");
  assert.is(full.code, 2);
  assert.match(full.stderr, "folder with 2 entries");
  assert.is((await vault(host, "rm", "prod/key", "--yes")).code, 0);
  assert.equal(await entries(host), { prod: "700 0", "prod/more": "600 1" });
  assert.is((await vault(host, "rm", "prod", "--yes", "--force")).code, 0);
  assert.equal(await entries(host), {});
});

test("edit gives the editor a private file in RAM with the file's own name, and leaves nothing there", async () => {
  const host = await hostWith({ "prod/app.json": "{}" });
  await editor(host, 'stat -c "%a %n" "$1" "$(dirname "$1")"; stat -f -c %T "$1"; printf more >> "$1"');
  const done = await vault(host, "edit", "prod/app.json");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /^✔ Vault saved: prod\/app\.json changed, 6 B\n$/);
  const [file, folder, type] = done.stdout.split("\n");
  assert.match(file ?? "", new RegExp(`^600 ${host.env["XDG_RUNTIME_DIR"]}/tazpod/edit/.*/app\\.json$`));
  assert.match(folder ?? "", /^700 /);
  assert.is(type, "tmpfs");
  assert.is((await vault(host, "cat", "prod/app.json")).stdout, "{}more");
  assert.equal(await left(host), []);
});

test("edit makes a new file, and changes nothing if the editor fails, removes the file or leaves it as it was", async () => {
  const host = await hostWith({ key: "kept" });
  await editor(host, 'echo made > "$1"');
  assert.match((await vault(host, "edit", "new/file")).stderr, "new/file added, 5 B");
  const sealed = await readFile(host.vault);
  for (const [script, code, message] of [
    ['echo lost > "$1"; exit 3', 1, "failed with exit code 3: nothing was changed."],
    ['rm "$1"', 1, "no such file or folder"],
    ['rm "$1"; mkdir "$1"', 1, "the editor left no file there"],
    [":", 0, "Nothing was changed."],
    ["kill -9 $$", 1, "was killed by SIGKILL: nothing was changed."],
  ] as const) {
    await editor(host, script);
    const done = await vault(host, "edit", "key");
    assert.is(done.code, code, script);
    assert.match(done.stderr, message);
    assert.equal(await left(host), []);
  }
  host.env["EDITOR"] = "no-such-editor --wait";
  assert.match((await vault(host, "edit", "key")).stderr, "The program no-such-editor was not found.");
  host.env["EDITOR"] = "vi $1";
  assert.match((await vault(host, "edit", "key")).stderr, "$EDITOR: `$` needs a shell.");
  assert.ok((await readFile(host.vault)).equals(sealed));
});

test("edit asks to try again when saving fails, since the change is nowhere else", async () => {
  const host = await hostWith({ key: "kept" });
  await editor(host, `printf new > "$1"; mv '${host.vault}' '${host.vault}.away'`);
  const pty = host.pty("vault", "edit", "key");
  await pty.expect(
    /There is no vault at [^]*The change is not saved\. Try again\? If not, it is lost\. \[Y\/n\]/,
  );
  await rename(`${host.vault}.away`, host.vault);
  pty.line("y");
  assert.is(await pty.ended, 0, pty.screen);
  assert.is((await vault(host, "cat", "key")).stdout, "new");
  assert.equal(await left(host), []);
});

test("without a vault, a passphrase is not asked for", async () => {
  const host = await hostWith({ key: "kept" });
  delete host.env["TAZPOD_PASSPHRASE_FILE"];
  await rm(host.vault);
  for (const command of ["ls", "verify", "cat key", "set key", "edit key", "rm key", "export"]) {
    const done = await vault(host, ...command.split(" "));
    assert.is(done.code, 3, command);
    assert.match(done.stderr, `There is no vault at ${host.vault}.`);
  }
});

test("two edits of one file at once: the second is kept in a file of its own", async () => {
  const host = await hostWith({ key: "kept", other: "o" });
  await editor(host, `echo first > "$1"; printf second | ${shellBin} vault set key`);
  const done = await vault(host, "edit", "key");
  assert.is(done.code, 5, done.stderr);
  assert.is((await vault(host, "cat", "key")).stdout, "second");
  const [aside = ""] = await readdir(host.path(".tazpod", "vault", "conflicts"));
  await copyFile(host.path(".tazpod", "vault", "conflicts", aside), host.vault);
  assert.is((await vault(host, "cat", "key")).stdout, "first\n");
  // another file may change at the same time
  await editor(host, `echo third > "$1"; printf fourth | ${shellBin} vault set other`);
  assert.is((await vault(host, "edit", "key", "--force")).code, 0);
  assert.is((await vault(host, "cat", "key")).stdout, "third\n");
  assert.is((await vault(host, "cat", "other")).stdout, "fourth");
});

for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const)
  test(`${signal} during edit ends the editor, wipes its file and changes nothing`, async () => {
    const host = await hostWith({ key: "kept" });
    await editor(host, 'echo lost > "$1"; touch "$1.swp"; sleep 60');
    const sealed = await readFile(host.vault);
    const child = spawn(process.execPath, [bin, "vault", "edit", "key"], {
      cwd: host.folder,
      env: { ...process.env, ...host.env },
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    await until(async () => (await left(host)).length === 1);
    child.kill(signal);
    assert.equal(await ended, [130, null]);
    assert.equal(await left(host), []);
    assert.ok((await readFile(host.vault)).equals(sealed));
  });

test("a killed edit leaves the old or the new vault, and the next one removes what it left in RAM", async () => {
  const host = await hostWith({ key: "kept" });
  await editor(host, 'echo edited > "$1"');
  let mostLeft = 0;
  const points = await dieEverywhere(
    host,
    () => ["vault", "edit", "key"],
    async () => {
      const { stdout } = await vault(host, "cat", "key");
      assert.ok(["kept", "edited\n"].includes(stdout), stdout);
      mostLeft = Math.max(mostLeft, (await left(host)).length);
      // so that the next run has something to do
      if (stdout !== "kept") await set(host, "key", "kept");
    },
  );
  assert.ok(points.length > 5);
  assert.is(mostLeft, 1);
  assert.equal(await left(host), []);
  assert.equal(await readdir(host.path(".tazpod", "vault")), ["vault.tar.aes"]);
});

test("a change is pushed as a save is: its history, lineage and merge go on", async () => {
  const url = await folderRemote();
  const host = await hostWith({ key: "kept" }, "", url);
  const done = await set(host, "key", "changed");
  assert.match(done.stderr, "✔ Vault saved: key changed, 7 B. `tazpod push` uploads it.");
  assert.match((await host.tazpod("status", "--short")).stdout, "↑");
  assert.is((await host.tazpod("push")).code, 0);
  const history = JSON.parse((await host.tazpod("history", "--json")).stdout) as readonly unknown[];
  assert.ok(JSON.stringify(history).includes('"generation":2'));
  const other = await hostWith({}, "", "none");
  await other.configure(url);
  const pulled = await other.tazpod("pull", "--force");
  assert.is(pulled.code, 0, pulled.stderr);
  const first = await set(other, "more", "m");
  assert.is(first.code, 0, first.stderr);
  assert.is((await other.tazpod("push")).code, 0);
  const back = await host.tazpod("pull");
  assert.is(back.code, 0, back.stderr);
  assert.is((await vault(host, "cat", "more")).stdout, "m");
});

test("v1 vaults are changed, too, and stay v1", async () => {
  const host = await hostWith({ key: "kept" }, "vault: { format: v1 }\n");
  assert.is((await set(host, "more", "m")).code, 0);
  assert.match((await vault(host, "verify")).stdout, "format v1");
  assert.equal(await entries(host), { key: "600 4", more: "600 1" });
});

test("what a v1 vault has by mistake of the Go program is named when a change leaves it out", async () => {
  const host = await hostWith({ key: "kept" }, "vault: { format: v1 }\n");
  await copyFile(fixture("vectors-v1", "operator.tar.aes"), host.vault);
  const done = await set(host, "more", "m");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /^Left out: \.ssh\/link, \.vault_pass$/m);
  assert.not.match(done.stderr, "keeps what it had");
});

test("SIGTERM ends tazpod at whatever moment of its start it comes", async () => {
  const host = await hostWith({ key: "kept" });
  for (let ms = 80; ms <= 480; ms += 16) {
    // the value never ends
    const child = spawn(process.execPath, [bin, "vault", "set", "key"], { cwd: host.folder });
    const ended = once(child, "close");
    setTimeout(() => child.kill("SIGTERM"), ms);
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    const [code, signal] = (await ended) as [number | null, string | null];
    clearTimeout(late);
    assert.ok(code === 130 || signal === "SIGTERM", `after ${ms} ms: ${code ?? signal}`);
  }
});

test("a folder whose files others can read is no place for the editor's file", async () => {
  const host = await hostWith({ key: "kept" });
  const open = await ramFolder();
  await mkdir(join(open, "tazpod"));
  await chmod(join(open, "tazpod"), 0o755);
  host.env["XDG_RUNTIME_DIR"] = open;
  await editor(host, 'echo "$1"');
  const done = await vault(host, "edit", "key");
  // it takes the next folder in RAM, or says why there is none
  assert.not.match(done.stdout, open);
  assert.is((await stat(join(open, "tazpod"))).mode & 0o777, 0o755);
});

test.run();
