// needs: script
import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Host } from "../rig/host.js";

// The output of the programs that steps run.

async function project(recipe: string): Promise<Host> {
  const host = await Host.make({ remote: "none" });
  await writeFile(host.path("tazpod.tasks.yaml"), `version: 1\n${recipe}`);
  return host;
}

const both = `[[sh, -c, "echo to-stdout; echo to-stderr >&2"]]`;

test("the requested task's output keeps its stream, stdout or stderr", async () => {
  const host = await project(`tasks: { hi: { new: true, desc: Say hi, cmds: ${both} } }`);
  const done = await host.tazpod("run", "hi");
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout, "to-stdout\n");
  assert.match(done.stderr, /^to-stderr\n✔ hi: Say hi\n/);
});

test("a needed task's output goes to stderr, so that stdout has only the requested task's results", async () => {
  const host = await project(`
facts: { up: { new: true, check: { exists: up } } }
tasks:
  bring-up: { new: true, provides: [up], cmds: [[sh, -c, "echo bringing-up; touch up"]], finally: [tidy] }
  tidy: { new: true, cmds: [[echo, tidied]] }
  hi: { new: true, needs: [up], cmds: ${both} }
`);
  const done = await host.tazpod("run", "hi");
  assert.is(done.stdout, "to-stdout\n");
  for (const text of [/bringing-up/, /tidied/, /to-stderr/]) assert.match(done.stderr, text);
});

test("the tasks of a goal print to stdout; with --json only the JSON goes to stdout", async () => {
  const host = await project(`
tasks: { hi: { new: true, cmds: ${both} } }
goals: { greet: { new: true, run: [hi] } }
`);
  assert.is((await host.tazpod("run", "greet")).stdout, "to-stdout\n");
  const done = await host.tazpod("run", "--json", "greet");
  assert.is((JSON.parse(done.stdout) as { outcome: string }).outcome, "done");
  assert.match(done.stderr, "to-stdout");
});

test("a silent task prints nothing; if it fails, the end of its output is shown", async () => {
  const host = await project(`
tasks:
  hush: { new: true, silent: true, cmds: ${both} }
  fails: { new: true, silent: true, cmds: [[sh, -c, "seq 1 10000; echo broken >&2; exit 3"]] }
`);
  const quiet = await host.tazpod("run", "hush");
  assert.equal([quiet.code, quiet.stdout, quiet.stderr], [0, "", ""]);
  const failed = await host.tazpod("run", "fails");
  assert.is(failed.code, 1);
  assert.match(failed.stderr, /9999\n10000\nbroken/);
  assert.not.match(failed.stderr, /^9000$/m);
});

test("a failed task does not repeat output that was already shown", async () => {
  const host = await project(`tasks: { fails: { new: true, cmds: [[sh, -c, "echo broken >&2; exit 3"]] } }`);
  const { code, stderr } = await host.tazpod("run", "fails");
  assert.is(code, 1);
  assert.is(stderr.match(/^broken$/gm)?.length, 1);
  assert.match(stderr, /failed with exit code 3/);
});

test("the output of a project's script is shown, with and without a terminal", async () => {
  const host = await project(`tasks: { own: { new: true, script: ./own.mjs } }`);
  await writeFile(host.path("own.mjs"), `export function run() { console.log("from-the-script"); }\n`);
  assert.is((await host.tazpod("run", "own")).stdout, "from-the-script\n");
  const pty = host.pty("run", "own");
  assert.is(await pty.ended, 0, pty.screen);
  assert.match(pty.screen, /from-the-script\r?\n/);
});

test("output is shown while the step is still running", async () => {
  const host = await project(
    `tasks: { slow: { new: true, cmds: [[sh, -c, "echo first; while [ ! -e go ]; do sleep 0.1; done; echo last"]] } }`,
  );
  const pty = host.pty("run", "slow");
  await pty.expect("first");
  assert.not.match(pty.screen, /last/);
  await writeFile(host.path("go"), "");
  await pty.expect("last");
  assert.is(await pty.ended, 0, pty.screen);
});

test.run();
