// needs: engine
// time limit: 300 s
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bin, Host, quick, removeHosts, run } from "../rig/host.js";
import { spawn } from "node:child_process";
import { until } from "../rig/until.js";

// Tasks whose commands run in the container.

test.after(removeHosts);

async function project(recipe: string, more = quick): Promise<Host> {
  const host = await Host.make({ remote: "none", more });
  await chmod(host.folder, 0o777);
  await writeFile(host.path("tazpod.tasks.yaml"), `version: 1\n${recipe}`);
  return host;
}

test("commands run in the container as its user, in the project, with their values, and the container is started", async () => {
  const host = await project(`
tasks:
  go:
    new: true
    in: container
    args: [{ name: what }, { name: rest, variadic: true }]
    env: { MINE: "m {{what}}" }
    dir: sub
    cmds:
      - [sh, -c, 'printf "<%s>" "$TAZPOD_INSIDE" "$MINE" "$TAZPOD_WHAT" "$@"; basename "$PWD"; echo err >&2', sh, "{{rest}}"]
`);
  await mkdir(host.path("sub"));
  const done = await host.tazpod("go", "x", "--", "a b", "c");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stdout, /^<\/.+><m x><x><a b><c>sub\n$/);
  assert.match(done.stderr, /^err$/m);
  const planned = await host.tazpod("plan", "go", "x");
  assert.match(planned.stdout, /= container/);
});

test("a folder that is not in the container is named, as on the host", async () => {
  const host = await project(`
tasks:
  go: { new: true, in: container, dir: no/where, cmds: [[touch, ran]] }
  here: { new: true, dir: no/where, cmds: [[touch, ran]] }
`);
  for (const task of ["go", "here"]) {
    const done = await host.tazpod(task);
    assert.is(done.code, 3, done.stderr);
    assert.match(done.stderr, new RegExp(`${task} runs in .*no/where.*, but there is no such folder`));
  }
});

test("a failure passes on the exit code and the words of a silent command", async () => {
  const host = await project(`
tasks:
  fails: { new: true, in: container, silent: true, cmds: [[sh, -c, "echo hidden; echo no luck >&2; exit 7"], [echo, never]] }
`);
  const done = await host.tazpod("fails");
  assert.is(done.code, 1);
  assert.match(done.stderr, "no luck");
  assert.match(done.stderr, "7");
  assert.is(done.stdout, "");
});

test("the vault is needed only by a task that says so; what the task changes in it is saved by the lock", async () => {
  const host = await project(`
tasks:
  plain: { new: true, in: container, cmds: [[sh, -c, "ls -A ~/secrets"]] }
  write: { new: true, in: container, needs: [vault-open], cmds: [[sh, -c, "umask 077; date >> ~/secrets/made"]], finally: [lock] }
  read: { new: true, in: container, needs: [vault-open], cmds: [[cat, /dev/null], [sh, -c, "wc -l < ~/secrets/made"]], finally: [lock] }
`);
  const plain = await host.run("plain");
  assert.is(plain.code, 0, plain.stderr);
  assert.is(plain.stdout, "");
  for (const lines of ["1", "2"]) {
    const wrote = await host.run("write");
    assert.is(wrote.code, 0, wrote.stderr);
    assert.is((await host.run("read")).stdout.trim(), lines);
  }
  assert.is(await host.secrets(), "");
});

test("a signal or a time limit ends the command inside, and the cleanup follows", async () => {
  const host = await project(`
tasks:
  waits: { new: true, in: container, grace: 1s, cmds: [[sh, -c, 'echo $$ > ~/pid; exec sleep 987']], finally: [tidy] }
  slow: { new: true, in: container, grace: 1s, timeout: 3s, cmds: [[sleep, "986"]] }
  tidy: { new: true, cmds: [[touch, tidied]] }
`);
  const child = spawn(process.execPath, [bin, "waits"], {
    cwd: host.folder,
    env: { ...process.env, ...host.env },
    stdio: "ignore",
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  await until(async () => (await host.inside("cat ~/pid").catch(() => "")).endsWith("\n"));
  child.kill("SIGTERM");
  assert.is(await ended, 130);
  assert.is(await readFile(host.path("tidied"), "utf8"), "");
  const slow = await host.tazpod("slow");
  assert.is.not(slow.code, 0);
  const left = await run(
    "sh",
    ["-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\\\0' ' ' | grep -c 'sleep 98[67]' || :"],
    {
      cwd: host.folder,
      env: {},
    },
  );
  assert.is(left.stdout.trim(), "0");
});

test("a copied project is brought in before, and changes are brought back after", async () => {
  const host = await project(
    `tasks: { go: { new: true, in: container, cmds: [[sh, -c, "cat here; echo back > there"]] } }\n`,
    `${quick}workspace: copy\n`,
  );
  await writeFile(host.path("here"), "brought\n");
  const done = await host.tazpod("go");
  assert.is(done.stdout, "brought\n", done.stderr);
  assert.is(await readFile(host.path("there"), "utf8"), "back\n");
});

test.run();
