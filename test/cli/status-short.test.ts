import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { processIdentity } from "../../lib/host/process-identity.js";
import { isRemoteNone } from "../../lib/project/remote-none.js";
import { noteWaiting } from "../../lib/requests/waiting-count.js";
import { newFolder } from "../rig/folder.js";
import { bin, Host, run } from "../rig/host.js";
import { value } from "../rig/result.js";

// The line for a shell prompt, computed from a project's files. It asks no engine, so the tests need none.

const sealed = "what is sealed";
const remote = "file:///media/usb/vault.tar.aes";

/** Creates a project with these files in .tazpod/vault and in the host's state; `shell` is the process of an open shell. */
async function line(
  config: string,
  files: Readonly<Record<string, string>>,
  shell?: number,
): Promise<string> {
  const host = await Host.make({ remote: config });
  for (const folder of [host.path(".tazpod", "vault"), host.state("sessions"), host.state("waiting")])
    await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files))
    await writeFile(name === basename(host.vault) ? host.vault : host.state(name), text);
  if (shell !== undefined)
    await writeFile(host.state("sessions", String(shell)), `${await processIdentity(shell)}\n\n`);
  const done = await host.tazpod("status", "--short");
  assert.is(done.stderr, "");
  assert.is(done.code, 0);
  return done.stdout.replace(basename(host.folder), "lab");
}

const vault = { "vault.tar.aes": sealed };
const pushed = (text: string): Record<string, string> => {
  const sha256 = createHash("sha256").update(text).digest("hex");
  const state = { version: 1, pushed: { remote, sha256, etag: "e", at: "2026-01-01T00:00:00.000Z" } };
  return { "state.json": JSON.stringify(state) };
};

test("the line shows no vault, a locked vault that was pushed, and one that was not pushed", async () => {
  assert.is(await line(remote, {}), "lab\n");
  assert.is(await line(remote, { ...vault, ...pushed(sealed) }), "lab locked\n");
  assert.is(await line(remote, { ...vault, ...pushed("another") }), "lab locked↑\n");
  assert.is(await line(remote, vault), "lab locked↑\n");
  assert.is(await line(remote, { ...vault, "state.json": "{" }), "lab locked↑\n");
});

test("a large vault is read once, not for each prompt", async () => {
  const host = await Host.make({ remote });
  const large = Buffer.alloc(9_000_000, sealed);
  const replace = async (content: Buffer): Promise<void> => {
    await writeFile(`${host.vault}.new`, content);
    await utimes(`${host.vault}.new`, 1_700_000_000, 1_700_000_000);
    await rename(`${host.vault}.new`, host.vault);
  };
  const prompt = async (): Promise<string> => (await host.tazpod("status", "--short")).stdout.trim();
  for (const folder of [host.path(".tazpod", "vault"), host.state()])
    await mkdir(folder, { recursive: true });
  await writeFile(host.state("state.json"), pushed(large.toString("latin1"))["state.json"] ?? "");
  await replace(large);
  assert.match(await prompt(), / locked$/);
  assert.not.ok((await readdir(host.state())).includes("vault-hash"), "a prompt writes nothing");
  const whole = await host.tazpod("status");
  assert.match(whole.stdout + whole.stderr, /has the local vault/);
  const kept = host.state("vault-hash");
  const line = await readFile(kept, "utf8");
  // what was kept counts, so that the vault need not be read
  await writeFile(kept, line.replace(/[0-9a-f]{64}\n$/, `${"0".repeat(64)}\n`));
  assert.match(await prompt(), / locked↑$/);
  await writeFile(kept, line);
  assert.match(await prompt(), / locked$/);
  await replace(Buffer.alloc(9_000_000, "another"));
  assert.match(await prompt(), / locked↑$/);
});

test("without a remote no unpushed changes are shown", async () => {
  assert.is(await line("none", vault), "lab locked\n");
  assert.is(await line("{ url: none }", vault), "lab locked\n");
});

test("the line shows a vault that is open with a shell, open without one, and unsaved work in both cases", async () => {
  const open = { ...vault, ...pushed(sealed), "open.json": "{}" };
  assert.is(await line(remote, open, process.pid), "lab open\n");
  assert.is(await line(remote, open), "lab open?\n");
  assert.is(await line(remote, { ...open, unsaved: "" }, process.pid), "lab open*\n");
  assert.is(await line(remote, { ...open, ...pushed("another"), unsaved: "" }), "lab open?*↑\n");
});

test("unsaved work is not shown while the vault is closed", async () => {
  assert.is(await line(remote, { ...vault, ...pushed(sealed), unsaved: "" }), "lab locked\n");
});

test("the line counts the requests that wait in sessions that live, and leaves out those of dead ones", async () => {
  const open = { ...vault, ...pushed("another"), "open.json": "{}", unsaved: "" };
  const identity = await processIdentity(process.pid);
  const waiting = { [`waiting/${process.pid}`]: `${identity}\n2\n`, "waiting/4194304": "boot-1\n5\n" };
  assert.is(await line(remote, { ...open, ...waiting }, process.pid), "lab open*↑ ?2\n");
  assert.is(await line(remote, { ...vault, ...pushed(sealed), ...waiting }), "lab locked ?2\n");
  assert.is(await line(remote, { [`waiting/${process.pid}`]: "another\n2\n", "waiting/x": "" }), "lab\n");
});

test("a session notes how many requests wait, removes what dead ones left, and leaves nothing itself", async () => {
  const host = await Host.make({ remote });
  await mkdir(host.state("waiting"), { recursive: true });
  await writeFile(host.state("waiting", "4194304"), "boot-1\n5\n");
  const folder = host.path(".tazpod", "vault");
  value(await noteWaiting(folder, 3));
  assert.equal(await readdir(host.state("waiting")), [String(process.pid)]);
  assert.match((await host.tazpod("status", "--short")).stdout, / \?3\n$/);
  value(await noteWaiting(folder, 0));
  const calls = [1, 0, 2, 0].map((count) => noteWaiting(folder, count));
  for (const call of calls) value(await call);
  assert.equal(await readdir(host.state("waiting")), []);
  assert.is((await host.tazpod("status", "--short")).stdout, `${basename(host.folder)}\n`);
});

test("a pipe in place of the host's state is not waited for", async () => {
  const host = await Host.make({ remote });
  for (const folder of [host.path(".tazpod", "vault"), host.state()])
    await mkdir(folder, { recursive: true });
  await writeFile(host.vault, sealed);
  assert.is((await run("mkfifo", [host.state("state.json")])).code, 0);
  assert.match((await host.tazpod("status", "--short")).stdout, / locked\n$/);
  const pushing = await host.tazpod("push");
  assert.is(pushing.code, 1);
  assert.match(pushing.stderr, /state\.json: it is a pipe, and only regular files are read/);
});

test("outside a project, and in a deleted folder, status --short prints nothing and succeeds", async () => {
  const folder = await newFolder();
  const here = await run(process.execPath, [bin, "status", "--short"], { cwd: folder });
  assert.equal(here, { code: 0, stdout: "", stderr: "" });
  const gone = join(folder, "gone");
  await mkdir(gone);
  const script = 'rmdir "$0" && exec "$@"';
  const there = await run("sh", ["-c", script, gone, process.execPath, bin, "status", "--short"], {
    cwd: gone,
  });
  assert.equal(there, { code: 0, stdout: "", stderr: "" });
  await rm(folder, { recursive: true });
});

test("in a subfolder and with --project the project's line is printed; --json with --short is refused", async () => {
  const host = await Host.make({ remote });
  const name = `${basename(host.folder)}\n`;
  const below = await run(process.execPath, [bin, "status", "--short"], { cwd: host.path(".tazpod") });
  assert.is(below.stdout, name);
  const named = [bin, "status", "--short", "--project", host.folder];
  assert.is((await run(process.execPath, named, { cwd: "/" })).stdout, name);
  assert.is((await host.tazpod("status", "--short", "--json")).code, 2);
});

test("a folder's name cannot control the terminal", async () => {
  const folder = join(await newFolder(), "a\u001b[2Jb");
  await mkdir(join(folder, ".tazpod"), { recursive: true });
  await writeFile(join(folder, ".tazpod", "config.yaml"), "");
  const done = await run(process.execPath, [bin, "status", "--short"], { cwd: folder });
  assert.is(done.stdout, "a\ufffd[2Jb\n");
});

test("the line recognizes every YAML form of a config without a remote, and no form that only resembles one", async () => {
  const without = [
    "'none' # alone",
    '{ region: x, url: "none" }',
    "\n  # none\n  region: x\n  url: none",
    "\n  none",
    "&here none",
    '"n\\u006fne"',
    "{ region: x,\n  url: none }",
  ];
  for (const config of without) assert.is(await line(config, vault), "lab locked\n", config);
  const others = [
    '{ url: "file:///a", region: " # none" }',
    "\n  url: file:///a\n  region: none",
    "file:///none # none",
    "\n  region: none",
    "none\n  more",
    "[none]",
  ];
  for (const config of others) assert.is(await line(config, vault), "lab locked↑\n", config);
});

test("the quick scan of a config's text answers only in unambiguous cases", () => {
  for (const text of [
    "remote: none",
    '# don\'t\r\nuser: x\r\nremote:  none # "alone"\r\n',
    "remote: none\n\nuser: x",
  ])
    assert.is(isRemoteNone(text), true, text);
  for (const text of ["", "remote: file:///a", "user: 'x'\nremote: { url: s3://a/b }\n"])
    assert.is(isRemoteNone(text), false, text);
  for (const text of [
    "remote: 'none'",
    "remote: { url: none }",
    "remote:\n  url: none\n",
    "remote: none\n  more",
    "remote: none\n\n  # more\n  more",
    'user: "a\nremote: none\n"',
    "user: {\nremote: none\n}",
    "--- |\nremote: none\n",
    "remote: !!str none",
    "? remote\n: none",
    "remote : none",
    "# remote: none",
    "ssh: none",
    "remote: 'n\\",
  ])
    assert.is(isRemoteNone(text), undefined, text);
});

test.run();
