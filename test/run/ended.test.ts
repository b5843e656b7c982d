// needs: script
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bin, Host, removeHosts, shellBin } from "../rig/host.js";
import { Pty } from "../rig/pty.js";
import { underShell } from "../rig/under-shell.js";
import { until } from "../rig/until.js";
import { withSealed } from "../rig/with-vault.js";

// What a signal or a time limit ends, and how long it waits.

test.after(Pty.endAll);
test.after(removeHosts);

/** A project whose tasks are given as YAML. */
async function hostWith(tasks: string, more = ""): Promise<Host> {
  const host = await Host.make({ remote: "none", more });
  await writeFile(host.path("tazpod.tasks.yaml"), `version: 1\ntasks:\n${tasks}`);
  return host;
}

function started(host: Host, ...args: string[]): { child: ChildProcess; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: host.folder,
    env: { ...process.env, ...host.env },
    stdio: "ignore",
  });
  return { child, ended: new Promise((resolve) => child.on("close", resolve)) };
}

const written = (host: Host, name: string): Promise<void> =>
  until(async () => existsSync(host.path(name)) && (await readFile(host.path(name), "utf8")).endsWith("\n"));

/** Waits until the process whose pid a file holds has ended. A zombie counts as ended. */
async function assertEnded(host: Host, name: string): Promise<void> {
  const pid = (await readFile(host.path(name), "utf8")).trim();
  await until(async () => /^$|\) [ZX]/.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
}

/** Longer than the time in which two signals are one request. */
const moment = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 1_000));

const deaf = (name: string): string =>
  `sh -c 'trap "" TERM HUP INT; echo $$ > ${name}; while :; do sleep 1; done'`;

test("SIGTERM to tazpod ends the program of a step and its child processes, even those that ignore SIGTERM", async () => {
  const script = `trap "" TERM; ${deaf("child")} >/dev/null 2>&1 & echo $$ > parent; wait`;
  const host = await hostWith(
    `  long: { new: true, grace: 1s, cmds: [[sh, -c, ${JSON.stringify(script)}]] }\n`,
  );
  const { child, ended } = started(host, "run", "long");
  await written(host, "child");
  child.kill("SIGTERM");
  assert.is(await ended, 130);
  for (const name of ["parent", "child"]) await assertEnded(host, name);
});

test("a child that left the process group of a step is killed with it", async () => {
  const script = `setsid ${deaf("child")} & wait`;
  const host = await hostWith(
    `  long: { new: true, cmds: [[sh, -c, ${JSON.stringify(`trap "" TERM; ${script}`)}]] }\n`,
    "grace: 1s\n",
  );
  const { child, ended } = started(host, "run", "long");
  await written(host, "child");
  child.kill("SIGTERM");
  assert.is(await ended, 130);
  await assertEnded(host, "child");
});

for (const kind of ["interactive: true", "silent: true", "silent: false"])
  test(`a step (${kind}) may clean up after SIGTERM and after its time limit`, async () => {
    const script =
      'trap "sleep 3; echo written > done; exit 1" TERM; echo begun > begun; while :; do sleep 0.1; done';
    const task = `new: true, ${kind}, cmds: [[sh, -c, ${JSON.stringify(script)}]]`;
    const host = await hostWith(`  work: { ${task} }\n  limited: { ${task}, timeout: 1s }\n`);
    const { child, ended } = started(host, "run", "work");
    await written(host, "begun");
    child.kill("SIGTERM");
    assert.is(await ended, 130);
    await written(host, "done");
    await writeFile(host.path("done"), "");
    assert.is((await host.tazpod("run", "limited")).code, 1);
    await written(host, "done");
  });

test("SIGTERM ends the children of an interactive step", async () => {
  const script = `${deaf("child")} & echo $$ > parent; wait`;
  const task = `new: true, interactive: true, grace: 1s, cmds: [[sh, -c, ${JSON.stringify(script)}]]`;
  const host = await hostWith(`  work: { ${task} }\n`);
  const { child, ended } = started(host, "run", "work");
  await written(host, "child");
  child.kill("SIGTERM");
  assert.is(await ended, 130);
  for (const name of ["parent", "child"]) await assertEnded(host, name);
});

test("a program that a script starts with $ has the same time to clean up, and is then killed", async () => {
  const host = await hostWith("  work: { new: true, script: ./work.mjs, grace: 2s }\n");
  const cleaning =
    'trap "sleep 1; echo written > done; exit 1" TERM; echo begun > begun; while :; do sleep 0.1; done';
  await writeFile(
    host.path("work.mjs"),
    `export const run = async ({ $ }) => {
      await Promise.all([$\`sh -c ${"${"}${JSON.stringify(cleaning)}}\`, $\`sh -c ${"${"}${JSON.stringify(`trap "" TERM; ${deaf("child")}`)}}\`]);
    };\n`,
  );
  const { child, ended } = started(host, "run", "work");
  await written(host, "begun");
  await written(host, "child");
  child.kill("SIGTERM");
  assert.is(await ended, 130);
  await written(host, "done");
  await assertEnded(host, "child");
});

test("a step that was interrupted is not tried again", async () => {
  const host = await hostWith("  work: { new: true, script: ./work.mjs, retries: 3, grace: 0 }\n");
  await writeFile(
    host.path("work.mjs"),
    `import { appendFileSync } from "node:fs";
     export const run = ({ signal }) => new Promise((_, reject) => {
       setTimeout(reject, 1e9);
       signal.addEventListener("abort", () => reject(new Error("it was told to end")));
       appendFileSync("tries", "try\\n");
     });\n`,
  );
  const { child, ended } = started(host, "run", "work");
  await written(host, "tries");
  child.kill("SIGTERM");
  assert.is(await ended, 130);
  assert.is(await readFile(host.path("tries"), "utf8"), "try\n");
});

test("after a signal no other step starts, also if the one that ran has succeeded", async () => {
  const script = `trap "" TERM; echo one >> log; sleep 2`;
  const host = await hostWith(`  one: { new: true, cmds: [[sh, -c, ${JSON.stringify(script)}]] }
  two: { new: true, cmds: [[sh, -c, "echo two >> log"]] }
`);
  const { child, ended } = started(host, "run", "one", "two");
  await written(host, "log");
  child.kill("SIGTERM");
  assert.is(await ended, 130);
  assert.is(await readFile(host.path("log"), "utf8"), "one\n");
});

test("tazpod ends although a script ignores that it has to", async () => {
  const host = await hostWith("  work: { new: true, script: ./work.mjs, grace: 0 }\n");
  await writeFile(
    host.path("work.mjs"),
    `import { writeFileSync } from "node:fs";
     export const run = () => new Promise((resolve) => { setTimeout(resolve, 1e9); writeFileSync("begun", "\\n"); });\n`,
  );
  const { child, ended } = started(host, "run", "work");
  await written(host, "begun");
  child.kill("SIGTERM");
  assert.is(await ended, 130);
});

test("tazpod ends although a script goes on that was given up", async () => {
  const host = await hostWith("  work: { new: true, script: ./work.mjs, grace: 0, timeout: 1s }\n");
  await writeFile(
    host.path("work.mjs"),
    "export const run = () => new Promise(() => setInterval(() => 0, 1e3));\n",
  );
  const done = await host.run("work");
  assert.is(done.code, 1);
  assert.match(done.stderr, /work.* 1 s/);
});

test("a second SIGTERM ends tazpod and its programs at once", async () => {
  const script = `trap "" TERM; setsid ${deaf("child")} & wait`;
  const host = await hostWith(
    `  long: { new: true, grace: 1h, cmds: [[sh, -c, ${JSON.stringify(script)}]] }\n`,
  );
  const { child, ended } = started(host, "run", "long");
  await written(host, "child");
  child.kill("SIGTERM");
  // timeout(1) sends its signal twice, which is one request
  child.kill("SIGTERM");
  await moment();
  assert.is(child.exitCode, null);
  child.kill("SIGTERM");
  assert.is(await ended, 130);
  await assertEnded(host, "child");
});

test("a second SIGTERM also ends a cleanup that does not end", async () => {
  const host = await hostWith(
    `  work: { new: true, finally: [tidy], cmds: [[sh, -c, "echo > begun; sleep 1000"]] }
  tidy: { new: true, cmds: [[sh, -c, ${JSON.stringify(deaf("child"))}]] }\n`,
  );
  const { child, ended } = started(host, "run", "work");
  await written(host, "begun");
  child.kill("SIGTERM");
  await written(host, "child");
  await moment();
  child.kill("SIGTERM");
  assert.is(await ended, 130);
  await assertEnded(host, "child");
});

test("a check and its children that ignore SIGTERM are killed after the grace time", async () => {
  const host = await Host.make({ remote: "none", more: "grace: 1s\n" });
  const script = `trap "" TERM; ${deaf("child")} & wait`;
  await writeFile(
    host.path("tazpod.tasks.yaml"),
    `version: 1\nfacts: { up: { new: true, timeout: 1s, check: { command: [sh, -c, ${JSON.stringify(script)}] } } }\n`,
  );
  assert.match((await host.tazpod("status")).stdout, /up +no answer within 1 s/);
  await assertEnded(host, "child");
});

test("a passphrase command and its children are ended by SIGTERM", async () => {
  const host = await withSealed("none", { x: "x" }, "grace: 1s\n");
  await writeFile(host.path("ask"), `#!/bin/sh\ntrap "" TERM\n${deaf("child")} &\nwait\n`);
  await chmod(host.path("ask"), 0o755);
  const { child, ended } = started(host, "vault", "ls", "--passphrase-command", host.path("ask"));
  await written(host, "child");
  child.kill("SIGTERM");
  assert.is(await ended, 130);
  await assertEnded(host, "child");
});

test("Ctrl-C ends a step's children on a terminal", async () => {
  const host = await hostWith(
    `  work: { new: true, grace: 1s, cmds: [[sh, -c, ${JSON.stringify(`${deaf("child")} & echo begun; wait`)}]] }\n`,
  );
  const pty = new Pty([process.execPath, bin, "run", "work"], { cwd: host.folder, env: host.env });
  await pty.expect("begun");
  await written(host, "child");
  pty.interrupt();
  assert.is(await pty.ended, 130, pty.screen);
  await assertEnded(host, "child");
});

test("SIGTERM to an interactive step that uses the terminal in raw mode leaves the terminal as it was", async () => {
  const host = await hostWith(
    `  work: { new: true, interactive: true, cmds: [[sh, -c, "stty raw -echo; echo begun; sleep 1000"]] }\n`,
  );
  const { pty, kill, left } = await underShell(host, "run", "work");
  await pty.expect("begun");
  await kill("SIGTERM");
  assert.is(await left(), 130, pty.screen);
  assert.match(pty.screen, /Interrupted \(SIGTERM\)\.\r\n/);
});

test("under nohup, or a shell that ignores SIGHUP, a run and its program continue when the terminal is closed", async () => {
  for (const start of ["exec nohup", "trap '' HUP;"])
    for (const kind of ["interactive: true", "silent: true"]) {
      const script = "echo > begun; sleep 2; echo > finished";
      const host =
        await hostWith(`  work: { new: true, ${kind}, cmds: [[sh, -c, "${script}"]], finally: [last] }
  last: { new: true, cmds: [[sh, -c, "echo > last"]] }\n`);
      const command = `${start} ${shellBin} run work > log 2>&1; :`;
      const pty = new Pty(["sh", "-c", command], { cwd: host.folder, env: host.env });
      await written(host, "begun");
      pty.hangUp();
      for (const name of ["finished", "last"]) await written(host, name);
      assert.not.match(await readFile(host.path("log"), "utf8"), /Interrupted/);
    }
});

test.run();
