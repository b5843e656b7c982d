// needs: engine
// time limit: 300 s
import { chmod, readFile, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Host, quick, removeHosts } from "../rig/host.js";

// A secret is written into the configuration of a tool at every unlock, and removed before every lock.

test.after(removeHosts);

async function project(recipe: string, more = ""): Promise<Host> {
  const host = await Host.make({ remote: "none", more: `${quick}${more}` });
  await chmod(host.folder, 0o777);
  await writeFile(host.path("tazpod.tasks.yaml"), `version: 1\n${recipe}`);
  return host;
}

const hooks = (render: string, remove: string): string => `
tasks:
  render: { new: true, in: container, needs: [vault-open], cmds: [[sh, -c, ${JSON.stringify(render)}]] }
  remove: { new: true, in: container, cmds: [[sh, -c, ${JSON.stringify(remove)}]] }
hooks: { after_unlock: [render], before_lock: [remove] }
`;

const render =
  "umask 077; mkdir -p ~/.tool; sed 's/^/token: /' ~/secrets/token > ~/.tool/config 2>/dev/null || : > ~/.tool/config; echo render >> log";
const remove = "echo removed >> ~/secrets/log; rm -f ~/.tool/config; echo remove >> log";

test("the tool has the secret while the vault is open, and not afterwards; what the hook writes to the vault is saved", async () => {
  const host = await project(hooks(render, remove));
  const first = await host.enter("umask 077; echo s3cret > ~/secrets/token");
  assert.is(first.code, 0, first.stderr);
  const second = await host.enter("cat ~/.tool/config ~/secrets/log");
  assert.is(second.stdout, "token: s3cret\nremoved\n", second.stderr);
  assert.is(await host.inside("ls ~/.tool"), "");
  assert.is(await host.secrets(), "");
  assert.is(await readFile(host.path("log"), "utf8"), "render\nremove\nrender\nremove\n");
});

test("with a copy of the project, the shell opens after a hook that used the copy, and what the hook wrote comes back", async () => {
  const host = await project(hooks(render, remove), "workspace: copy\n");
  for (const command of ["umask 077; echo s3cret > ~/secrets/token", "cat ~/.tool/config"]) {
    const done = await host.enter(command);
    assert.is(done.code, 0, done.stderr);
  }
  assert.is(await readFile(host.path("log"), "utf8"), "render\nremove\nrender\nremove\n");
});

test("the hooks also run with unlock and lock by themselves, and the plan shows them", async () => {
  const host = await project(hooks(render, remove));
  assert.is((await host.enter(":")).code, 0);
  const plan = await host.tazpod("plan", "enter");
  assert.match(plan.stdout, /\+ unlock .*\n.*\+ render +after unlock/);
  assert.is((await host.run("unlock")).code, 0);
  assert.is((await host.inside("ls ~/.tool")).trim(), "config");
  const lock = await host.tazpod("plan", "lock");
  assert.match(lock.stdout, /\+ remove +before lock/);
  assert.is((await host.run("lock")).code, 0);
  assert.is((await host.inside("ls ~/.tool")).trim(), "");
});

test("a hook that fails before a lock does not prevent it, and is reported", async () => {
  const host = await project(hooks("echo render >> log", "exit 3"));
  const done = await host.enter("umask 077; echo x > ~/secrets/kept");
  assert.is.not(done.code, 0);
  assert.match(done.stderr, "remove");
  assert.is(await host.secrets(), "");
  const lock = await host.run("unlock", "lock");
  assert.is.not(lock.code, 0);
  assert.is(await host.secrets(), "");
});

test("a hook that fails after an unlock ends the run, and the vault is locked", async () => {
  const host = await project(hooks("exit 4", "echo remove >> log"));
  const done = await host.enter("touch entered");
  assert.is.not(done.code, 0);
  assert.match(done.stderr, "render");
  assert.not.ok(await readFile(host.path("entered")).catch(() => undefined));
  assert.is(await host.secrets(), "");
  assert.is.not((await host.run("unlock")).code, 0);
  assert.is(await host.secrets(), "");
});

test.run();
