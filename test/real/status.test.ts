// needs: engine, script
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { packageRoot } from "../../lib/host/package-root.js";
import { noteWaiting } from "../../lib/requests/waiting-count.js";
import { Host, removeHosts } from "../rig/host.js";
import { value } from "../rig/result.js";
import { underShell, type UnderShell } from "../rig/under-shell.js";
import { until } from "../rig/until.js";
import { folderRemote, withSealed } from "../rig/with-vault.js";

// The status while shells open and exit.

test.after(removeHosts);

const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(join(packageRoot, "schema", "status.schema.json"), "utf8")),
);

interface Told {
  readonly unsaved: boolean | null;
  readonly unpushed: boolean | null;
  readonly waitingRequests: number;
  readonly sessions: readonly { readonly pid: number; readonly parts: readonly string[] }[];
  readonly lastSync: { readonly remote: string; readonly host?: string; readonly generation?: number } | null;
}

async function told(): Promise<Told> {
  const done = await host.tazpod("status", "--json");
  const data: unknown = JSON.parse(done.stdout);
  assert.ok(validate(data), JSON.stringify(validate.errors));
  return data as Told;
}

async function prompt(): Promise<string> {
  const { stdout } = await host.tazpod("status", "--short");
  return stdout.trim().replace(`${basename(host.folder)} `, "");
}

let url = "";
let host: Host;

test.before(async () => {
  url = await folderRemote();
  host = await withSealed(url, undefined, "session: { autosave: off }\n");
});

async function opened(): Promise<UnderShell> {
  const shell = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await shell.pty.expect("$ ");
  return shell;
}

test("status shows an open shell, unsaved work, unpushed work and the push, in full and for a prompt", async () => {
  assert.is(await prompt(), "locked");
  const before = await told();
  assert.equal([before.sessions, before.unsaved, before.unpushed], [[], false, false]);
  assert.is(before.lastSync?.remote, url);
  assert.is(before.lastSync?.host, hostname());

  const shell = await opened();
  assert.is(await prompt(), "open");
  shell.pty.line("echo new > ~/secrets/new");
  await until(async () => (await prompt()) === "open*");
  const during = await told();
  assert.is(during.sessions.length, 1);
  assert.is(during.unsaved, true);
  const text = await host.tazpod("status");
  assert.match(text.stdout, `\nopen shells: process ${during.sessions[0]?.pid}\n`);
  assert.match(text.stdout, /\nlast push or pull: .*, generation 1, written by \S+ \(this host\)\n$/);
  assert.is((await host.run("save")).code, 0);
  assert.is(await prompt(), "open↑");
  assert.is((await told()).unpushed, true);

  shell.pty.line("exit 0");
  assert.is(await shell.left(), 0, shell.pty.screen);
  assert.is(await prompt(), "locked");
  const after = await told();
  assert.equal([after.sessions, after.unsaved, after.unpushed], [[], false, false]);
  assert.is(after.lastSync?.generation, 2);
});

test("a vault that a killed tazpod left open and unsaved is shown as such, without a shell", async () => {
  const shell = await opened();
  shell.pty.line("echo newer > ~/secrets/new");
  await until(async () => (await prompt()) === "open*");
  await shell.kill("SIGKILL");
  await until(async () => (await prompt()) === "open?*");
  const saved = await host.run("lock");
  assert.is(saved.code, 0, saved.stderr);
  assert.is(await prompt(), "locked↑");
});

test("waiting requests have a line and a number, and no line without one", async () => {
  const folder = host.path(".tazpod", "vault");
  value(await noteWaiting(folder, 2));
  assert.is((await told()).waitingRequests, 2);
  assert.match((await host.tazpod("status")).stdout, /\nwaiting requests: 2 \(`tazpod requests` shows/);
  value(await noteWaiting(folder, 0));
  assert.is((await told()).waitingRequests, 0);
  assert.not.match((await host.tazpod("status")).stdout, "waiting requests");
});

test("after a pull from a folder remote, status names the host that pushed last", async () => {
  const meta = fileURLToPath(`${url}.meta.json`);
  await writeFile(meta, (await readFile(meta, "utf8")).replaceAll(`"${hostname()}"`, '"desk"'));
  const other = await Host.make({ remote: url });
  assert.is((await other.tazpod("pull")).code, 0);
  assert.match((await other.tazpod("status")).stdout, /\nlast push or pull: .*, written by desk\n$/);
});

test("a damaged state file is named once at the start of a run that uses it", async () => {
  const one = await withSealed(await folderRemote());
  const said = /state\.json is not a valid state file, so nothing counts as pushed/g;
  for (const text of ["\0\u0001", "", '{"version":99}']) {
    await writeFile(one.state("state.json"), text);
    const pushing = await one.tazpod("push");
    assert.is(pushing.stderr.match(said)?.length, 1, pushing.stderr);
    await writeFile(one.state("state.json"), text);
    const entered = await one.enter("true");
    assert.is(entered.code, 0, entered.stderr);
    assert.is(entered.stderr.match(said)?.length, 1, entered.stderr);
    assert.ok(entered.stderr.search(said) < entered.stderr.indexOf("Vault unlocked"), entered.stderr);
    const next = await one.enter("true");
    assert.not.match(next.stderr, said);
  }
});

test.run();
