// needs: script
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { binScript, type Host, run, shellBin } from "../rig/host.js";
import { Pty } from "../rig/pty.js";
import { recipeHost } from "../rig/recipe-host.js";

// The output of the programs that steps run.

const both = `[[sh, -c, "echo to-stdout; echo to-stderr >&2"]]`;

test("the requested task's output keeps its stream, stdout or stderr", async () => {
  const host = await recipeHost(`tasks: { hi: { new: true, desc: Say hi, cmds: ${both} } }`);
  const done = await host.tazpod("run", "hi");
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout, "to-stdout\n");
  assert.match(done.stderr, /^to-stderr\n✔ hi: Say hi\n/);
});

test("a needed task's output goes to stderr, so that stdout has only the requested task's results", async () => {
  const host = await recipeHost(`
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
  const host = await recipeHost(`
tasks: { hi: { new: true, cmds: ${both} } }
goals: { greet: { new: true, run: [hi] } }
`);
  assert.is((await host.tazpod("run", "greet")).stdout, "to-stdout\n");
  const done = await host.tazpod("run", "--json", "greet");
  assert.is((JSON.parse(done.stdout) as { outcome: string }).outcome, "done");
  assert.match(done.stderr, "to-stdout");
});

test("a silent task prints nothing; if it fails, the end of its output is shown", async () => {
  const host = await recipeHost(`
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
  const host = await recipeHost(
    `tasks: { fails: { new: true, cmds: [[sh, -c, "echo broken >&2; exit 3"]] } }`,
  );
  const { code, stderr } = await host.tazpod("run", "fails");
  assert.is(code, 1);
  assert.is(stderr.match(/^broken$/gm)?.length, 1);
  assert.match(stderr, /failed with exit code 3/);
});

test("the output of a project's script is shown, with and without a terminal", async () => {
  const host = await recipeHost(`tasks: { own: { new: true, script: ./own.mjs } }`);
  await writeFile(host.path("own.mjs"), `export function run() { console.log("from-the-script"); }\n`);
  assert.is((await host.tazpod("run", "own")).stdout, "from-the-script\n");
  const pty = host.pty("run", "own");
  assert.is(await pty.ended, 0, pty.screen);
  assert.match(pty.screen, /from-the-script\r?\n/);
});

test("output is shown while the step is still running", async () => {
  const host = await recipeHost(
    `tasks: { slow: { new: true, cmds: [[sh, -c, "echo first; while [ ! -e go ]; do sleep 0.1; done; echo last"]] } }`,
  );
  const pty = host.pty("run", "slow");
  await pty.expect("first");
  assert.not.match(pty.screen, /last/);
  await writeFile(host.path("go"), "");
  await pty.expect("last");
  assert.is(await pty.ended, 0, pty.screen);
});

test("--quiet hides everything but failures, with the end of what a failed step printed", async () => {
  const host = await recipeHost(`
tasks:
  good: { new: true, cmds: ${both} }
  fails: { new: true, needs: [], cmds: [[sh, -c, "echo broken >&2; exit 3"]] }
`);
  assert.equal(await outputOf(host, "run", "--quiet", "good"), [0, "", ""]);
  const [code, stdout, stderr] = await outputOf(host, "-q", "run", "fails");
  assert.equal([code, stdout], [1, ""]);
  assert.match(stderr, /failed with exit code 3: broken/);
});

test("--quiet hides notes of every kind: what a run leaves undone, a fact that cannot be told, a new project's files", async () => {
  const host = await recipeHost(`
facts:
  odd: { new: true, check: { script: ./odd.mjs }, on_unknown: pass }
  up: { new: true, check: { exists: up } }
tasks:
  go: { new: true, wants: [odd], script: ./odd.mjs }
  drop: { new: true, clears: [up], cmds: [["true"]] }
`);
  await writeFile(
    host.path("odd.mjs"),
    `export const checks = { odd: () => ({ state: "unknown", reason: "unknown here" }) };
export function run({ terminal }) { terminal.print("a note"); terminal.warn("a warning"); }
`,
  );
  const all = await host.tazpod("run", "go");
  for (const text of ["unknown here", "a note", "a warning"]) assert.match(all.stderr, text);
  assert.equal(await outputOf(host, "run", "go", "--quiet"), [0, "", "a warning\n"]);
  assert.match((await host.tazpod("drop")).stderr, "Nothing to do");
  for (const args of [["drop"], ["init"], ["lock"]])
    assert.equal(await outputOf(host, ...args, "--quiet"), [0, "", ""], args.join(" "));
});

async function outputOf(host: Host, ...argv: readonly string[]): Promise<[number, string, string]> {
  const { code, stdout, stderr } = await host.tazpod(...argv);
  return [code, stdout, stderr];
}

test("in CI, the output of a step is a group that the log can fold", async () => {
  for (const [env, begin, end] of [
    [{ GITHUB_ACTIONS: "true" }, /^::group::Say hi$/m, /^::endgroup::\n✔ hi: Say hi$/m],
    [{ TF_BUILD: "True" }, /^##\[group\]Say hi$/m, /^##\[endgroup\]\n✔ hi: Say hi$/m],
    [{ GITLAB_CI: "true" }, /section_start:\d+:(\w+)\r.\[0KSay hi\n[^]*section_end:\d+:\1\r/, /✔ hi: Say hi/],
  ] as const) {
    const host = await recipeHost(`tasks: { hi: { new: true, desc: Say hi, cmds: ${both} } }`);
    Object.assign(host.env, env);
    const { stderr } = await host.tazpod("run", "hi");
    assert.match(stderr, begin);
    assert.match(stderr, end);
    assert.ok(stderr.indexOf("Say hi") < stderr.indexOf("to-stderr"), stderr);
  }
});

/** Runs tazpod in a shell, with `$T` for it, and returns the code and what is on stderr. */
async function inShell(host: Host, script: string): Promise<readonly [number, string]> {
  const env = { ...host.env, T: await binScript() };
  const done = await run("bash", ["-c", script], { cwd: host.folder, env });
  return [done.code, done.stderr];
}

const commands = [
  "--help",
  "--version",
  "list",
  "list --json",
  "status --short",
  "status --json",
  "plan hi",
  "help hi",
];

test("results that do not fit on the disk are a failure with one line, and a reader that has gone is one of SIGPIPE", async () => {
  const host = await recipeHost(`tasks: { hi: { new: true, cmds: ${both} } }`);
  for (const command of commands) {
    assert.equal(
      await inShell(host, `$T ${command} > /dev/full`),
      [1, "The results could not be written to stdout: the disk is full.\n"],
      command,
    );
    assert.equal(await inShell(host, `$T ${command} | true; exit \${PIPESTATUS[0]}`), [141, ""], command);
  }
});

test("a task whose reader has gone ends with 141, after its cleanup", async () => {
  const host = await recipeHost(`
tasks:
  many: { new: true, cmds: [["yes"]], finally: [tidy] }
  inside: { new: true, interactive: true, cmds: [[sh, -c, "yes; exit $?"]] }
  tidy: { new: true, cmds: [[touch, tidied]] }
`);
  for (const name of ["many", "inside"]) {
    const [code, stderr] = await inShell(host, `$T run ${name} | head -1; exit \${PIPESTATUS[0]}`);
    assert.is(code, 141, stderr);
    assert.not.match(stderr, /exit code|nterrupted/);
  }
  assert.ok(existsSync(host.path("tidied")));
});

test("a step that prints more than 100 MB is not cut off, and a silent one keeps only the end", async () => {
  const print = (end: string): string => `[[sh, -c, "yes | head -c 150000000; echo end >&2; ${end}"]]`;
  const host = await recipeHost(`
tasks:
  plain: { new: true, cmds: ${print("exit 0")} }
  own: { new: true, interactive: true, cmds: ${print("exit 0")} }
  quiet: { new: true, silent: true, cmds: ${print("exit 3")} }
`);
  for (const name of ["plain", "own"]) {
    const env = { ...host.env, T: await binScript() };
    const done = await run("bash", ["-c", `$T run ${name} | wc -c`], { cwd: host.folder, env });
    assert.is(done.stdout, "150000000\n", done.stderr);
  }
  const failed = await host.tazpod("run", "quiet");
  assert.is(failed.code, 1);
  assert.match(failed.stderr, /\ny\ny[^]*end/);
  assert.ok(failed.stderr.length < 10_000);
});

test("on a terminal, progress is shown there, and what is piped or redirected has only the results", async () => {
  const host = await recipeHost(`
tasks:
  wait: { new: true, desc: Wait for it, silent: true, cmds: [[sleep, "2"]] }
  say: { new: true, cmds: [[echo, result]] }
`);
  const pty = new Pty(["sh", "-c", `${shellBin} run wait say > out.txt; exit 4`], {
    cwd: host.folder,
    env: host.env,
  });
  await pty.expect("Wait for it");
  assert.is(await pty.ended, 4, pty.screen);
  assert.is(await readFile(host.path("out.txt"), "utf8"), "result\n");
  // a reader that has gone ends nothing
  const piped = new Pty(["sh", "-c", `${shellBin} run wait say | true; exit 4`], {
    cwd: host.folder,
    env: host.env,
  });
  assert.is(await piped.ended, 4, piped.screen);
  assert.not.match(piped.screen, /EPIPE/);
});

test.run();
