// needs: engine
// time limit: 300 s
import { readFile, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { binScript, Host, quick, removeHosts } from "../rig/host.js";

// A step, or a check, that calls tazpod.

test.after(removeHosts);

async function hostWith(recipe: string): Promise<Host> {
  const host = await Host.make({ remote: "none", more: quick });
  host.env["T"] = await binScript();
  await writeFile(host.path("tazpod.tasks.yaml"), `version: 1\n${recipe}`);
  return host;
}

const cmd = (script: string): string => `[[sh, -c, ${JSON.stringify(script)}]]`;

test("a task that is started again within itself is refused before anything runs, also through another task", async () => {
  const host = await hostWith(`
vars: { run: mine }
facts: { conf: { new: true, check: { exists: conf } } }
tasks:
  render: { new: true, provides: [conf], cmds: ${cmd("echo x >> entered; $T run outer")} }
  outer: { new: true, needs: [conf], cmds: [["true"]] }
  ping: { new: true, cmds: ${cmd("echo x >> entered; $T run pong")} }
  pong: { new: true, cmds: ${cmd("echo x >> entered; $T run ping")} }
`);
  const done = await host.tazpod("run", "outer");
  assert.is(done.code, 1);
  assert.match(done.stderr, /render is running already and cannot run within itself\. .*: render\./);
  const round = await host.tazpod("run", "ping");
  assert.match(round.stderr, /ping is running already .*: ping → pong\./);
  assert.is(await readFile(host.path("entered"), "utf8"), "x\nx\nx\n");
});

test("a check that starts itself is unknown, with the reason", async () => {
  const host = await hostWith(`
facts: { up: { new: true, timeout: 30s, check: { command: [sh, -c, "$T status > inner"] } } }
`);
  const done = await host.tazpod("status");
  assert.is(done.code, 0);
  assert.match(await readFile(host.path("inner"), "utf8"), /up .*cannot be made within itself/);
});

test("a step may run other tasks of its project, and tasks of the same name in another project", async () => {
  const other = await hostWith(`tasks: { work: { new: true, cmds: [[echo, theirs]] } }\n`);
  const host = await hostWith(`
tasks:
  work: { new: true, cmds: ${cmd(`$T run part && $T run --project ${other.folder} work`)} }
  part: { new: true, cmds: [[echo, ours]] }
`);
  const done = await host.tazpod("run", "work");
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout, "ours\ntheirs\n");
});

test("a nested run joins the open vault and leaves it open; it is refused to lock it", async () => {
  const host = await hostWith(`
tasks:
  work:
    new: true
    needs: [vault-open]
    interactive: true
    cmds:
      - [sh, -c, "$T enter -- sh -c 'echo kept > ~/secrets/key'"]
      - [sh, -c, "$T status --short"]
      - [sh, -c, "$T enter -- sh -c 'cat ~/secrets/key'"]
      - [sh, -c, "! $T lock"]
      - [sh, -c, "! $T down --yes"]
      - [sh, -c, "$T enter -- sh -c 'cat ~/secrets/key'"]
    finally: [lock]
`);
  const done = await host.run("work");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stdout, /open\??\*?\nkept\nkept\n$/);
  assert.match(done.stderr, /lock would make vault-open false, which the outer run relies on\./);
  assert.is(done.stderr.match(/would make (?:vault-open|container) false/g)?.length, 2, done.stderr);
  assert.is(await host.secrets(), "");
  assert.is((await host.enter("cat ~/secrets/key")).stdout, "kept\n");
});

test("the cleanup of a nested run leaves open what the outer one relies on", async () => {
  const host = await hostWith(`
tasks:
  work: { new: true, needs: [vault-open], interactive: true, cmds: ${cmd("$T run inner && $T status --short")}, finally: [lock] }
  inner: { new: true, needs: [vault-open], cmds: [["true"]], finally: [lock] }
`);
  const done = await host.run("work");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stdout, /open/);
  assert.is(await host.secrets(), "");
});

test("a nested run that opened the vault itself locks it", async () => {
  const host = await hostWith(`
tasks:
  work: { new: true, cmds: ${cmd("$T enter --yes --passphrase-file $P -- sh -c 'echo kept > ~/secrets/key'")} }
`);
  host.env["P"] = host.passphraseFile;
  const done = await host.run("work");
  assert.is(done.code, 0, done.stderr);
  assert.is(await host.secrets(), "");
});

test.run();
