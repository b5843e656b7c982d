import { execFileSync } from "node:child_process";
import { chmod, lstat, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, Host, quick, run } from "../rig/host.js";
import { folderRemote, withQuickVault } from "../rig/with-vault.js";

// An attacker writes the files of the project: a program in the container, or the author of the clone.

/** The replacements of each file. The outside file is the user's own: it must be neither shown nor changed. */
const replacements: readonly (readonly [string, (path: string, outside: string) => Promise<unknown>])[] = [
  ["garbage", (path) => writeFile(path, Buffer.from([0, 255, 27, 93, 48, 59, 7, 10, 123, 58, 45]))],
  ["64 MiB of nothing", (path) => writeFile(path, Buffer.alloc(64 << 20))],
  ["a link out", (path, outside) => symlink(outside, path)],
  ["a link to nothing", (path) => symlink("/nowhere/at/all", path)],
  ["a link to itself", (path) => symlink(path, path)],
  ["a link to a device", (path) => symlink("/dev/zero", path)],
  ["a fifo", async (path) => execFileSync("mkfifo", [path])],
  ["a folder", (path) => mkdir(path)],
];

const files = [
  ".tazpod/config.yaml",
  "tazpod.tasks.yaml",
  "tazpod.tasks.local.yaml",
  ".tazpod/vault/vault.tar.aes",
];

/** Each runs without a terminal and without answers. The first ones are also tried with nothing trusted. */
const commands: readonly (readonly string[])[] = [
  ["status", "--short"],
  ["status"],
  ["enter", "--", "true"],
  ["trust", "--show"],
  ["plan", "enter"],
  ["push"],
  ["vault", "ls"],
  ["lock"],
];
const untrustedCommands = commands.slice(0, 3);

const secret = "OUTSIDE-SECRET-7d1f";
const limitMs = 30_000;

async function timed(host: Host, args: readonly string[], env: Record<string, string>): Promise<Ended> {
  const from = performance.now();
  const argv = [bin, ...args];
  const done = await run("timeout", ["--signal=KILL", "60", process.execPath, ...argv], {
    cwd: host.folder,
    env: { ...host.env, TAZPOD_PASSPHRASE_FILE: host.passphraseFile, ...env },
  });
  assert.ok(performance.now() - from < limitMs, `${args.join(" ")} takes longer than ${limitMs / 1000} s`);
  return done;
}

const fewReplacements = replacements.filter(([what]) => ["garbage", "a link out", "a fifo"].includes(what));

/**
 * Defines the tests; the caller runs them. Every engine reads the same files, so all replacements are tried on the fastest
 * engine, and some of them on the others.
 */
export function neighbourSuite({ whole }: { readonly whole: boolean }): void {
  const tried = whole ? replacements : fewReplacements;
  for (const trust of whole ? ["", "all"] : ["all"])
    for (const file of files)
      test(`${file} is replaced, ${trust === "" ? "nothing trusted" : "everything trusted"}: each command ends, and neither shows nor changes files outside the project`, async () => {
        const host = await withQuickVault(await folderRemote());
        const sealed = await readFile(host.vault);
        const config = await readFile(host.path(".tazpod", "config.yaml"));
        const outside = join(await newFolder("outside"), "id_rsa");
        await writeFile(outside, `${secret}: [\n`, { mode: 0o600 });
        const before = await lstat(outside);
        for (const [what, replace] of tried) {
          const path = host.path(file);
          await mkdir(dirname(path), { recursive: true });
          await rm(path, { recursive: true, force: true });
          await replace(path, outside);
          for (const args of trust === "" ? untrustedCommands : commands) {
            const { stdout, stderr } = await timed(host, args, { TAZPOD_TRUST: trust });
            const shown = `${what}: ${args.join(" ")}: ${stderr}`;
            assert.not.match(stdout + stderr, secret, shown);
            assert.not.match(stdout + stderr, /bug in tazpod/, shown);
            // eslint-disable-next-line no-control-regex
            assert.not.match(stdout + stderr, /\u001b\]0;/, shown);
          }
          const after = await lstat(outside);
          assert.equal(
            [after.mode, after.size, after.mtimeMs],
            [before.mode, before.size, before.mtimeMs],
            what,
          );
        }
        // with the original files it works again
        await rm(host.path(file), { recursive: true, force: true });
        await writeFile(host.path(".tazpod", "config.yaml"), config);
        await writeFile(host.vault, sealed, { mode: 0o600 });
        assert.is((await host.enter("cat ~/secrets/key")).stdout, "kept");
      });

  test("status --short in a hostile clone writes nothing and removes nothing", async () => {
    const host = await Host.make({ remote: "none", more: quick });
    const mail = await newFolder("inbox");
    for (const name of ["1", "2"]) await writeFile(join(mail, name), "mail");
    await mkdir(host.path(".tazpod", "vault"), { recursive: true });
    await symlink(mail, host.path(".tazpod", "vault", "sessions"));
    await writeFile(host.path(".tazpod", "vault", "open.json"), "x");
    await writeFile(host.vault, "x");
    await chmod(host.folder, 0o555);
    const done = await timed(host, ["status", "--short"], { TAZPOD_TRUST: "" });
    await chmod(host.folder, 0o755);
    assert.is(done.code, 0, done.stderr);
    for (const name of ["1", "2"]) assert.is(await readFile(join(mail, name), "utf8"), "mail");
  });
}
