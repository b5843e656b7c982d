// needs: engine, script, bash
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, Host, passphrase, removeHosts, run } from "../rig/host.js";
import { runScripts } from "../rig/package.js";
import { pathWithout } from "../rig/path-without.js";
import { Pty } from "../rig/pty.js";
import { repository } from "../rig/root.js";
import { standalone } from "../rig/standalone.js";
import { folderRemote } from "../rig/with-vault.js";

let executable: string;
let withoutNode: string;

test.before(async () => {
  executable = await standalone();
  withoutNode = await pathWithout("node", "npm", "npx");
});
test.after(removeHosts);

/** Runs the executable without Node on PATH. */
const alone = (folder: string, ...args: string[]): Promise<Ended> =>
  run(executable, args, { cwd: folder, env: { PATH: withoutNode } });

test("without Node it prints the same as the package", async () => {
  const host = await Host.make({ remote: "none" });
  // a mistake in a recipe makes it parse YAML and format an error
  const mistaken = await Host.make({ remote: "none" });
  await writeFile(mistaken.path("tazpod.tasks.yaml"), "version: 1\ntasks: { enter: 3 }\n");
  const commands: readonly (readonly string[])[] = [
    ["--help"],
    ["--version"],
    ["plan", "--help"],
    ["pull", "--help"],
    ["list", "--json"],
    ["status", "--short"],
    ["plan", "enter"],
    ["no-such-task"],
  ];
  for (const command of commands) {
    const done = await alone(host.folder, ...command);
    // the built-in recipe is embedded
    const stdout = done.stdout.replaceAll(`${executable}/`, repository);
    assert.equal({ ...done, stdout }, await host.tazpod(...command), command.join(" "));
  }
  // with a vault and local settings, a prompt has to read all settings
  await writeFile(host.path(".tazpod", "config.local.yaml"), "ghost_mode: true\n");
  await mkdir(host.path(".tazpod", "vault"), { recursive: true });
  await writeFile(host.vault, "sealed");
  const line = await alone(host.folder, "status", "--short");
  assert.match(line.stdout, / locked\n$/);
  assert.equal(line, await host.tazpod("status", "--short"));
  const refused = await alone(mistaken.folder, "list");
  assert.equal(refused, await mistaken.tazpod("list"));
  assert.is(refused.code, 2);
});

test("results that do not fit on the disk are a failure, and a reader that has gone is one of SIGPIPE", async () => {
  const { folder } = await Host.make({ remote: "none" });
  const inShell = async (script: string): Promise<readonly [number, string]> => {
    const { code, stderr } = await run("bash", ["-c", script], { cwd: folder, env: { TAZPOD: executable } });
    return [code, stderr];
  };
  for (const command of ["--help", "--version", "status --short"]) {
    const full = [1, "The results could not be written to stdout: the disk is full.\n"];
    assert.equal(await inShell(`$TAZPOD ${command} > /dev/full`), full, command);
    assert.equal(await inShell(`$TAZPOD ${command} | true; exit \${PIPESTATUS[0]}`), [141, ""], command);
  }
});

test("it loads the S3 client, and reports an unreachable server like the package", async () => {
  const remote = "{ url: 's3://bucket/vault', endpoint: 'http://127.0.0.1:1', region: us-east-1 }";
  const host = await Host.make({ remote });
  const env = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret", PATH: withoutNode };
  const done = await run(executable, ["pull"], { cwd: host.folder, env });
  assert.equal(done, await run(process.execPath, [bin, "pull"], { cwd: host.folder, env }));
  assert.is(done.code, 3);
  assert.match(done.stderr, "127.0.0.1:1");
});

test("it runs a project's scripts: zx programs, and modules that import tazpod/step and zx", async () => {
  const folder = await newFolder();
  await runScripts(folder, (...args) => alone(folder, ...args));
});

test("a project's program that fails is a failed step with zx's message", async () => {
  const folder = await newFolder();
  await mkdir(join(folder, ".tazpod"));
  await writeFile(join(folder, ".tazpod", "config.yaml"), "remote: none\n");
  const recipe = "version: 1\ntasks: { bad: { new: true, script: ./bad.mjs } }\n";
  await writeFile(join(folder, "tazpod.tasks.yaml"), recipe);
  await writeFile(join(folder, "bad.mjs"), "await $`echo so >&2; exit 7`;\n");
  const done = await alone(folder, "run", "bad");
  assert.is(done.code, 1);
  assert.match(done.stderr, "exit code: 7");
});

test("a vault is created with a typed passphrase, sealed, pushed, and opened by the package elsewhere", async () => {
  const remote = await folderRemote();
  const host = await Host.make({ remote });
  const argv = [executable, "enter", "--yes", "--", "sh", "-c", "echo kept > ~/secrets/key"];
  const pty = new Pty(argv, { cwd: host.folder, env: { PATH: withoutNode } });
  await pty.secret(/passphrase .*:/i, passphrase);
  await pty.secret(/Repeat it .*:/, passphrase);
  assert.is(await pty.ended, 0, pty.screen);
  assert.match(pty.screen, "Strength: ");
  assert.is(
    (await readFile(remote.slice("file://".length))).subarray(0, 19).toString(),
    "age-encryption.org/",
  );

  const other = await Host.make({ remote });
  const found = await other.enter("cat ~/secrets/key");
  assert.is(found.code, 0, found.stderr);
  assert.is(found.stdout, "kept\n");
});

test("it starts from a link, and from a folder with a space in its name", async () => {
  const folder = await newFolder("with space");
  await symlink(executable, join(folder, "tp"));
  const done = await run(join(folder, "tp"), ["list"], { cwd: folder, env: { PATH: withoutNode } });
  assert.is(done.code, 0, done.stderr);
});

test.run();
