import { readFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { removeHosts } from "../rig/host.js";
import { recipeHost } from "../rig/recipe-host.js";

// What a task prints, and the tasks that use it.

test.after(removeHosts);

const deploy = `deploy:
    new: true
    outputs: { url: { from: stdout } }
    cmds: [[sh, -c, 'echo x >> runs; echo "about to deploy" >&2; printf "http://a b"'], [printf, '/$HOME;x\\n\\n']]`;

test("an output fills arguments, the environment, the folder and variables, as it is, and its task runs once", async () => {
  const host = await recipeHost(
    `
tasks:
  ${deploy}
  where: { new: true, outputs: { folder: { from: stdout } }, silent: true, cmds: [[echo, sub]] }
  smoke:
    new: true
    vars: { upper: { command: [sh, -c, 'printf %s "$1" | tr a-z A-Z', sh, "{{tasks.deploy.url}}"] } }
    env: { URL: "<{{tasks.deploy.url}}>" }
    dir: "{{tasks.where.folder}}"
    cmds: [[sh, -c, 'echo "$1|$URL|$TAZPOD_UPPER|$(basename "$PWD")"', sh, "{{tasks.deploy.url}}"]]
  again: { new: true, cmds: [[echo, "again {{tasks.deploy.url}}"]] }
`,
    { "sub/x": "" },
  );
  const done = await host.tazpod("run", "smoke", "again");
  assert.is(done.code, 0, done.stderr);
  const url = "http://a b/$HOME;x";
  assert.is(done.stdout, `${url}|<${url}>|${url.toUpperCase()}|sub\nagain ${url}\n`);
  // what it prints is shown nevertheless: on stderr, since the user has named others
  assert.match(done.stderr, `about to deploy\n${url}\n`);
  assert.not.match(done.stderr, /^sub$/m);
  assert.is(await readFile(host.path("runs"), "utf8"), "x\n");
  const alone = await host.tazpod("deploy");
  assert.is(alone.stdout, `${url}\n\n`);
});

test("a plan, a list and a help name the output and run nothing", async () => {
  const host = await recipeHost(`
tasks:
  ${deploy}
  smoke: { new: true, cmds: [[echo, "{{tasks.deploy.url}}"]] }
`);
  const planned = await host.tazpod("plan", "smoke");
  assert.match(planned.stdout, /\+ deploy +smoke uses its output\n +\+ smoke/);
  const listed = JSON.parse((await host.tazpod("list", "--json")).stdout) as {
    tasks: { name: string; outputs: string[] }[];
  };
  assert.equal(listed.tasks.find(({ name }) => name === "deploy")?.outputs, ["url"]);
  assert.match((await host.tazpod("deploy", "--help")).stdout, /^outputs +url$/m);
  assert.match((await host.tazpod("smoke", "--help")).stdout, /^uses +deploy$/m);
  const trusted = await host.tazpod("trust", "--show");
  assert.match(trusted.stdout, "<tasks.deploy.url>");
  assert.not.ok(await readFile(host.path("runs")).catch(() => undefined));
});

test("a module prints its output by a function of its context, and a program without exports on stdout", async () => {
  const host = await recipeHost(
    `
tasks:
  module: { new: true, outputs: { x: { from: stdout } }, script: ./module.mjs }
  zx: { new: true, outputs: { x: { from: stdout } }, script: ./zx.mjs }
  sh-script: { new: true, outputs: { x: { from: stdout } }, script: ./shell.sh }
  go:
    new: true
    env: { ALL: "{{tasks.module.x}} {{tasks.zx.x}} {{tasks.sh-script.x}}" }
    script: ./reads.mjs
`,
    {
      "module.mjs": "export async function run({ print }) { print('from a module'); }\n",
      "zx.mjs": "await $({ stdio: 'inherit' })`echo from zx`;\n",
      "shell.sh": "#!/bin/sh\necho from sh\n",
      "reads.mjs": "export async function run({ env, print }) { print(env.ALL); }\n",
    },
  );
  const done = await host.tazpod("go");
  assert.is(done.stdout, "from a module from zx from sh\n", done.stderr);
  assert.match(done.stderr, "from a module\n");
  assert.is((await host.tazpod("go", "--quiet")).stdout, "");
});

test("an output that is no value fails its task, and what would use it does not run", async () => {
  const host = await recipeHost(`
tasks:
  empty: { new: true, outputs: { x: { from: stdout } }, cmds: [[echo]] }
  binary: { new: true, outputs: { x: { from: stdout } }, silent: true, cmds: [[printf, 'a\\377b']] }
  long: { new: true, outputs: { x: { from: stdout } }, silent: true, cmds: [[head, -c, "200000", /dev/zero]] }
  fails: { new: true, outputs: { x: { from: stdout } }, cmds: [[echo, x], ["false"]] }
  uses-empty: { new: true, cmds: [[touch, ran, "{{tasks.empty.x}}"]] }
  uses-binary: { new: true, cmds: [[touch, ran, "{{tasks.binary.x}}"]] }
  uses-long: { new: true, cmds: [[touch, ran, "{{tasks.long.x}}"]] }
  uses-fails: { new: true, cmds: [[touch, ran, "{{tasks.fails.x}}"]] }
`);
  for (const [task, words] of [
    ["empty", 'empty has printed nothing on stdout, so its output "x" has no value.'],
    ["binary", "binary has printed what is not text on stdout"],
    ["long", "long has printed more than 128 KiB on stdout"],
    ["fails", "false"],
  ] as const) {
    const done = await host.tazpod("run", `uses-${task}`);
    assert.is.not(done.code, 0);
    assert.match(done.stderr, words);
    assert.not.match(done.stderr, "✔");
  }
  assert.not.ok(await readFile(host.path("ran")).catch(() => undefined));
});

test("a cleanup uses what its task has printed, and says so if that has failed", async () => {
  const host = await recipeHost(`
tasks:
  serve: { new: true, args: [{ name: how, default: well }], outputs: { pid: { from: stdout } }, cmds: [[sh, -c, 'echo 12; [ "$1" = well ]', sh, "{{how}}"]], finally: [stop] }
  stop: { new: true, cmds: [[sh, -c, 'echo "end $1" > ended', sh, "{{tasks.serve.pid}}"]] }
`);
  assert.is((await host.tazpod("serve")).code, 0);
  assert.is(await readFile(host.path("ended"), "utf8"), "end 12\n");
  const failed = await host.tazpod("serve", "badly");
  assert.is.not(failed.code, 0);
  assert.match(
    failed.stderr,
    "stop needs {{tasks.serve.pid}}, which has no value: serve has not succeeded in this run.",
  );
});

test("a task that is done already is refused with what to do, and named it runs", async () => {
  const host = await recipeHost(`
facts: { up: { new: true, check: { exists: up } } }
tasks:
  lift: { new: true, provides: [up], outputs: { at: { from: stdout } }, cmds: [[touch, up], [echo, there]] }
  go: { new: true, cmds: [[echo, "at {{tasks.lift.at}}"]] }
`);
  assert.is((await host.tazpod("go")).stdout, "at there\n");
  const refused = await host.tazpod("go");
  assert.is(refused.code, 3);
  assert.is(refused.stdout, "");
  assert.match(refused.stderr, "go uses an output of lift, but lift does not run");
  assert.is((await host.tazpod("run", "lift", "go")).stdout, "there\nat there\n");
});

test.run();
