import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Host, text } from "../rig/host.js";
import { recipeHost } from "../rig/recipe-host.js";

/** A recipe of plain programs: each step writes its name to `log`, and makes or removes a file. */
const log = async (host: Host): Promise<string> =>
  (await text(host.path("log")).catch(() => "")).trim().split("\n").join(" ");
const say = (name: string, more = ":"): string => `[[sh, -c, "echo ${name} >> log; ${more}"]]`;

/** A project with a task for each script, of the script's name. */
function scriptsHost(scripts: Readonly<Record<string, string>>, settings = ""): Promise<Host> {
  const tasks = Object.keys(scripts).map(
    (file) => `  ${file.slice(0, -4)}: { new: true, ${settings}script: ./${file} }\n`,
  );
  return recipeHost(`tasks:\n${tasks.join("")}`, scripts);
}

test("needed tasks run in order, each once, and only if their fact is false", async () => {
  const host = await recipeHost(`
facts:
  a: { new: true, check: { exists: a } }
  b: { new: true, check: { exists: b } }
  c: { new: true, check: { exists: c } }
tasks:
  make-a: { new: true, provides: [a], cmds: ${say("a", "touch a")} }
  make-b: { new: true, needs: [a], provides: [b], cmds: ${say("b", "touch b")} }
  make-c: { new: true, provides: [c], cmds: ${say("c", "touch c")} }
  all: { new: true, needs: [b, a, c], cmds: ${say("all")} }
`);
  await writeFile(host.path("c"), "");
  const done = await host.tazpod("run", "all");
  assert.is(done.code, 0, done.stderr);
  assert.is(await log(host), "a b all");
});

test("a step does not run whose fact another step has made true without providing it", async () => {
  const host = await recipeHost(`
facts:
  a: { new: true, check: { exists: a } }
  b: { new: true, check: { exists: b } }
tasks:
  make-a: { new: true, provides: [a], cmds: ${say("a", "touch a b")} }
  make-b: { new: true, provides: [b], cmds: ${say("b", "touch b")} }
  all: { new: true, needs: [a, b], cmds: ${say("all")} }
`);
  const done = await host.tazpod("run", "all");
  assert.is(done.code, 0, done.stderr);
  assert.is(await log(host), "a all");
});

test("a step that succeeds but leaves its fact false is a failure that names the step and the fact", async () => {
  const host = await recipeHost(`
facts: { a: { new: true, check: { exists: a } } }
tasks: { make-a: { new: true, provides: [a], cmds: [["true"]] } }
`);
  const done = await host.tazpod("run", "make-a");
  assert.is(done.code, 1);
  assert.match(done.stderr, /make-a ended without an error, but a still does not hold: there is no a/);
});

test("finally tasks run after success, after failure and after a later step's failed precondition, in reverse order", async () => {
  const recipe = (last: string): string => `
facts:
  up: { new: true, check: { exists: up } }
tasks:
  net-up: { new: true, provides: [up], cmds: ${say("up", "touch up")}, finally: [net-down] }
  net-down: { new: true, clears: [up], cmds: ${say("down", "rm up")} }
  note: { new: true, cmds: ${say("note")} }
  work: { new: true, needs: [up], finally: [note], ${last} }
`;
  for (const [last, code, expected] of [
    [`cmds: ${say("work")}`, 0, "up work note down"],
    [`cmds: ${say("work", "exit 7")}`, 1, "up work note down"],
    [
      `preconditions: [{ check: { exists: missing }, msg: "no missing" }], cmds: ${say("work")}`,
      3,
      "up down",
    ],
  ] as const) {
    const host = await recipeHost(recipe(last));
    const done = await host.tazpod("run", "work");
    assert.is(done.code, code, done.stderr);
    assert.is(await log(host), expected);
  }
});

test("a failed cleanup is reported, makes the exit code non-zero, and does not stop the next cleanup", async () => {
  const host = await recipeHost(`
tasks:
  bad: { new: true, cmds: ${say("bad", "echo broken >&2; exit 9")} }
  good: { new: true, cmds: ${say("good")} }
  work: { new: true, cmds: ${say("work")}, finally: [bad, good] }
`);
  const done = await host.tazpod("run", "work");
  assert.is(done.code, 1);
  assert.match(done.stderr, "broken");
  assert.is(await log(host), "work bad good");
});

test("an entry with unless is skipped while its fact is true", async () => {
  const host = await recipeHost(`
facts: { busy: { new: true, check: { exists: busy } } }
tasks:
  note: { new: true, cmds: ${say("note")} }
  work: { new: true, cmds: ${say("work")}, finally: [{ task: note, unless: busy }] }
`);
  assert.is((await host.tazpod("work")).code, 0);
  await writeFile(host.path("busy"), "");
  assert.is((await host.tazpod("work")).code, 0);
  assert.is(await log(host), "work note work");
});

test("without a terminal a confirm exits with 4 and names the flag; --yes and --yes=TASK answer it", async () => {
  const host = await recipeHost(`
facts: { a: { new: true, check: { exists: a } } }
tasks:
  make-a: { new: true, provides: [a], confirm: "Make a?", cmds: ${say("a", "touch a")} }
  work: { new: true, needs: [a], cmds: ${say("work", "rm a")} }
`);
  const asked = await host.tazpod("run", "work");
  assert.is(asked.code, 4);
  assert.match(asked.stderr, /Make a\?.*\n.*--yes/);
  assert.is(await log(host), "");
  assert.is((await host.tazpod("run", "work", "--yes=make-a")).code, 0);
  assert.is((await host.tazpod("run", "work", "--yes=work")).code, 4);
  assert.is((await host.tazpod("run", "--yes", "work")).code, 0);
  assert.is(await log(host), "a work a work");
});

test("a task named on the command line runs even if its fact is true, and skips its own confirm", async () => {
  const host = await recipeHost(`
facts: { a: { new: true, check: { exists: log } } }
tasks: { make-a: { new: true, provides: [a], confirm: "Make a?", cmds: ${say("a")} } }
`);
  assert.is((await host.tazpod("make-a")).code, 0);
  assert.is((await host.tazpod("make-a")).code, 0);
  assert.is(await log(host), "a a");
});

test("retries run a step again, timeout ends an attempt, and both are reported", async () => {
  const host = await recipeHost(`
tasks:
  flaky: { new: true, retries: 2, cmds: ${say("flaky", "test $(wc -l < log) -ge 3")} }
  slow: { new: true, timeout: 1s, cmds: [[sleep, "60"]] }
`);
  assert.is((await host.tazpod("flaky")).code, 0);
  assert.is(await log(host), "flaky flaky flaky");
  const slow = await host.tazpod("slow");
  assert.is(slow.code, 1);
  assert.match(slow.stderr, "slow did not finish within 1 s");
});

test("an unknown fact does not count as false: the goal stops with the check's reason", async () => {
  const host = await recipeHost(`
facts:
  a: { new: true, timeout: 1s, check: { command: [sleep, "30"] } }
tasks:
  make-a: { new: true, provides: [a], cmds: ${say("a")} }
  work: { new: true, needs: [a], cmds: ${say("work")} }
`);
  const done = await host.tazpod("work");
  assert.is(done.code, 3);
  assert.match(done.stderr, /Could not tell whether a holds: no answer within 1 s/);
  assert.is(await log(host), "");
});

test("each value is one argument of a command and is never interpreted by a shell", async () => {
  const host = await recipeHost(`
vars: { evil: "$(touch owned); a b" }
tasks: { show: { new: true, cmds: [[sh, -c, 'printf "%s" "$1" > log', x, "<{{evil}}>"]] } }
`);
  assert.is((await host.tazpod("show")).code, 0);
  assert.is(await text(host.path("log")), "<$(touch owned); a b>");
});

test("a project's script is a module with run and checks, or a zx script without exports", async () => {
  const host = await recipeHost(`
facts: { ready: { new: true, check: { script: ./steps/ready.mjs } } }
tasks:
  get-ready: { new: true, provides: [ready], script: ./steps/ready.mjs }
  zx: { new: true, needs: [ready], script: ./steps/zx.mjs, env: { GREETING: "hello {{project}}" } }
`);
  const { mkdir } = await import("node:fs/promises");
  await mkdir(host.path("steps"));
  await writeFile(
    host.path("steps", "ready.mjs"),
    `import { existsSync } from "node:fs";
export const checks = { ready: async ({ project }) => existsSync(project.root + "/made") ? { state: "true", reason: "made" } : { state: "false", reason: "not made" } };
export async function run({ $ }) { await $\`touch \${"made"}\`; }
`,
  );
  await writeFile(host.path("steps", "zx.mjs"), "await $`printf '%s' ${process.env.GREETING} > zx-out`;\n");
  const done = await host.tazpod("run", "zx");
  assert.is(done.code, 0, done.stderr);
  assert.match(await text(host.path("zx-out")), /^hello host-/);
});

test("a script that throws fails its step, and the message names the file", async () => {
  const host = await recipeHost(`tasks: { bad: { new: true, script: ./bad.mjs } }\n`);
  await writeFile(host.path("bad.mjs"), 'export async function run() { throw new Error("no luck"); }\n');
  const done = await host.tazpod("bad");
  assert.is(done.code, 1);
  assert.match(done.stderr, /bad: .*bad\.mjs: no luck/);
});

test("--yes answers the yes/no questions of a script, too", async () => {
  const host = await recipeHost(`tasks: { conf: { new: true, script: ./conf.mjs } }\n`);
  await writeFile(
    host.path("conf.mjs"),
    `export async function run({ terminal, print }) {
       const answer = await terminal.confirm("Sure?", false);
       print(terminal.interactive + " " + (answer.ok ? answer.value : answer.failure.kind));
     }\n`,
  );
  assert.is((await host.tazpod("conf")).stdout, "false answer-needed\n");
  for (const flag of ["--yes", "--yes=conf"])
    assert.is((await host.tazpod("conf", flag)).stdout, "false true\n");
});

test("a script that waits for what can no longer happen fails its step, and is cleaned up after", async () => {
  const host = await recipeHost(`
tasks:
  note: { new: true, cmds: ${say("note")} }
  hang: { new: true, script: ./hang.mjs, finally: [note] }
`);
  await writeFile(host.path("hang.mjs"), "export const run = () => new Promise(() => undefined);\n");
  const done = await host.tazpod("hang");
  assert.is(done.code, 1);
  assert.match(done.stderr, /hang: .*hang\.mjs: it waits for something that can no longer happen/);
  assert.is(await log(host), "note");
});

test("an unknown command or option gets a suggestion of the nearest name", async () => {
  const host = await Host.make({ remote: "none" });
  for (const [args, expected] of [
    [["ulock"], 'Did you mean "unlock"?'],
    [["run", "entr"], 'Did you mean "enter"?'],
    [["statsu"], 'Did you mean "status"?'],
    [["enter", "--yess"], 'Did you mean "--yes"?'],
    [["enter", "--yes=unlok", "--passphrase-file", "x"], "unlock"],
    [["pull", "--", "x"], "nothing can follow --"],
    [["pull", "pussh"], 'Did you mean "push"?'],
    [["--project"], "argument"],
    [["--project", "/no/such/folder", "list"], "does not exist"],
  ] as const) {
    const done = await host.tazpod(...args);
    assert.is.not(done.code, 0, args.join(" "));
    assert.match(done.stderr, expected);
  }
});

test("a module is known by its export also on one line or minified, and a shell's export does not make one", async () => {
  const modules = {
    "line.mjs": 'import os from "node:os"; export async function run({ print }) { print(`${os.EOL}line`); }',
    "minified.mjs": "async function o({print:p}){p(`minified`)}export{o as run};",
    "default.mjs": "const run = ({ print }) => print('const');\nexport { run };\n",
    "zx.mjs": "await $({ stdio: 'inherit' })`true; export FOO=zx\nexport BAR=shell; echo $FOO $BAR`;\n",
  };
  const host = await scriptsHost(modules);
  for (const [task, printed] of [
    ["line", "\nline\n"],
    ["minified", "minified\n"],
    ["default", "const\n"],
    ["zx", "zx shell\n"],
  ] as const) {
    const done = await host.tazpod("run", task);
    assert.is(done.code, 0, done.stderr);
    assert.is(done.stdout, printed, task);
  }
});

test("a script that cannot be loaded is a failure with its line, and is not tried again", async () => {
  const scripts = {
    "syntax.mjs": "const a = 1;\nexport async function run() {\n  const x = ;\n}\n",
    "imports.mjs": 'import "./syntax.mjs";\nexport async function run() {}\n',
    "lacks.mjs": '\nimport { nope } from "node:fs";\nexport async function run() { nope(); }\n',
    "throws.mjs": '\n\n\nthrow new Error("not now");\nexport async function run() {}\n',
  };
  const host = await scriptsHost(scripts, "retries: 3, ");
  for (const [task, words] of [
    ["syntax", "syntax.mjs:3: Unexpected token"],
    ["imports", "syntax.mjs:3: Unexpected token"],
    ["lacks", "lacks.mjs:2: The requested module"],
    ["throws", "throws.mjs:4: not now"],
  ] as const) {
    const done = await host.tazpod("run", task);
    assert.is(done.code, 1, done.stderr);
    assert.match(done.stderr, words);
    assert.is(done.stderr.split("✖").length, 2, done.stderr);
  }
});

test("a program that a module starts with $ fails with its words and exit code, without a stack", async () => {
  const host = await recipeHost("tasks: { go: { new: true, script: ./go.mjs } }\n", {
    "go.mjs": "export async function run({ $ }) { await $`echo no luck >&2; exit 3`; }\n",
  });
  const done = await host.tazpod("go");
  assert.is(done.code, 1);
  assert.match(done.stderr, /go\.mjs: no luck\nexit code: 3\n$/);
});

test.run();
