import { chmod, readFile, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { removeHosts } from "../rig/host.js";
import { recipeHost } from "../rig/recipe-host.js";

// Values that are found out when a task needs them, and where its programs run.

test.after(removeHosts);

const count = '{ command: [sh, -c, "echo x >> asked; wc -l < asked"] }';

test("what a command prints is asked for once a run, when it is first needed, and not by a plan or a list", async () => {
  const host = await recipeHost(`
vars: { shared: ${count}, unused: { command: [touch, unused] } }
facts: { up: { new: true, check: { exists: up } } }
tasks:
  lift: { new: true, provides: [up], desc: "Lift {{shared}}", cmds: [[echo, "lift {{shared}}"], [touch, up]] }
  go: { new: true, needs: [up], cmds: [[echo, "go {{shared}}"]] }
  other: { new: true, cmds: [[echo, other]] }
`);
  for (const args of [["plan", "go"], ["list"], ["lift", "--help"], ["other"]])
    assert.is((await host.tazpod(...args)).code, 0);
  assert.match((await host.tazpod("list")).stdout, "Lift <shared>");
  const done = await host.tazpod("go");
  assert.is(done.stdout, "go 1\n", done.stderr);
  assert.match(done.stderr, /^lift 1$/m);
  assert.is(await readFile(host.path("asked"), "utf8"), "x\n");
  // a value from the command line replaces it
  assert.is((await host.tazpod("go", "shared=mine")).stdout, "go mine\n");
  assert.is(await readFile(host.path("asked"), "utf8"), "x\n");
});

test("newlines at the end are removed, and the value fills an environment variable, a folder and a question", async () => {
  const host = await recipeHost(
    `
tasks:
  go:
    new: true
    vars: { at: { command: [printf, 'sub\\n\\n'] } }
    env: { AT: "{{at}}" }
    dir: "{{at}}"
    cmds: [[sh, -c, 'echo "$AT $TAZPOD_AT $(basename "$PWD")"']]
  asks: { new: true, vars: { at: { command: [echo, here] } }, confirm: "Go {{at}}?", provides: [up], cmds: [[touch, up]] }
  needs: { new: true, needs: [up], cmds: [["true"]] }
facts: { up: { new: true, check: { exists: up } } }
`,
    { "sub/x": "" },
  );
  assert.is((await host.tazpod("go")).stdout, "sub sub sub\n");
  assert.match((await host.tazpod("needs")).stderr, 'Cannot ask "Go here?');
});

test("a command that fails, takes too long or prints what is not allowed stops the task before it starts, with its words", async () => {
  const host = await recipeHost(`
tasks:
  fails: { new: true, vars: { v: { command: [sh, -c, "echo no luck >&2; exit 3"] } }, cmds: [[touch, ran]], finally: [tidy] }
  slow: { new: true, vars: { v: { command: [sleep, "30"], timeout: 500ms } }, cmds: [[touch, ran]] }
  wrong: { new: true, vars: { v: { command: [echo, purple], choices: [red, blue] } }, cmds: [[touch, ran]] }
  missing: { new: true, vars: { v: { command: [no-such-program] } }, cmds: [[touch, ran]] }
  inner: { new: true, vars: { v: { command: [sh, -c, "$T run inner"], timeout: 30s } }, cmds: [[touch, ran]] }
  tidy: { new: true, cmds: [[touch, ran]] }
`);
  for (const [task, ...expected] of [
    ["fails", "fails needs {{v}}, which has no value: ", "no luck"],
    ["slow", "no value: "],
    ["wrong", 'its command has to print red or blue, not "purple"'],
    ["missing", "no-such-program"],
  ] as const) {
    const done = await host.tazpod("run", task);
    assert.is(done.code, 3, done.stderr);
    for (const text of expected) assert.match(done.stderr, text);
  }
  assert.not.ok(await readFile(host.path("ran")).catch(() => undefined));
});

test("{{env.NAME}} is a variable of the environment, and one that is not set stops what needs it", async () => {
  const host = await recipeHost(`
facts: { there: { new: true, check: { exists: "{{env.MARK}}" } } }
tasks:
  go: { new: true, env: { BOTH: "{{env.MARK}}:x" }, cmds: [[sh, -c, 'echo "$BOTH $1"', sh, "{{env.MARK}}"], [echo, "{{.env.X}}"]] }
  needs: { new: true, needs: [there], cmds: [["true"]] }
`);
  const unset = await host.tazpod("go");
  assert.is(unset.code, 3);
  assert.match(
    unset.stderr,
    "go needs {{env.MARK}}, which has no value: the environment has no such variable.",
  );
  assert.match((await host.tazpod("needs")).stderr, "the environment has no variable MARK");
  host.env["MARK"] = "a b";
  assert.is((await host.tazpod("go")).stdout, "a b:x a b\n{{.env.X}}\n");
});

test("the command of a variable has the values of what it belongs to, and needs all of them", async () => {
  const host = await recipeHost(
    `
vars: { stage: staging, shared: { command: [echo, "for {{stage}}"] }, home: { command: [echo, "{{env.MARK}}"] } }
tasks:
  a: { new: true, vars: { stage: prod }, cmds: [[echo, "{{stage}} {{shared}}"]] }
  b: { new: true, cmds: [[echo, "{{stage}} {{shared}}"]] }
  lacks: { new: true, vars: { v: { command: [echo, "{{env.NOPE}}"] } }, cmds: [[echo, "{{v}}"]] }
  filed: { new: true, dotenv: [.env], vars: { v: { command: [echo, "[{{env.FILED}}]"] } }, cmds: [[echo, "{{v}}"]] }
  homely: { new: true, dotenv: [.env], cmds: [[echo, "{{home}}"]] }
goals: { both: { new: true, run: [a, b], desc: "Both for {{env.MARK}}" } }
`,
    { ".env": "FILED=f\nMARK=file\n" },
  );
  assert.is((await host.tazpod("run", "a", "b")).stdout, "prod for staging\nstaging for staging\n");
  assert.is((await host.tazpod("filed")).stdout, "[f]\n");
  for (const [task, name] of [
    ["lacks", "NOPE"],
    ["homely", "MARK"],
  ] as const) {
    const done = await host.tazpod(task);
    assert.equal([done.code, done.stdout], [3, ""]);
    assert.match(
      done.stderr,
      `${task} needs {{env.${name}}}, which has no value: the environment has no such variable.`,
    );
  }
  assert.match((await host.tazpod("list")).stdout, "Both for <env.MARK>");
  host.env["MARK"] = "me";
  assert.is((await host.tazpod("homely")).stdout, "me\n");
  for (const args of [["list"], ["both", "--help"]])
    assert.match((await host.tazpod(...args)).stdout, "Both for me");
});

test("words that are too long for one variable still reach the command, and what the system refuses is an error", async () => {
  const host = await recipeHost(`
tasks:
  lint: { new: true, args: [{ name: files, variadic: true }], cmds: [[sh, -c, 'echo "$# \${TAZPOD_FILES-none}"', sh, "{{files}}"]] }
  nul: { new: true, cmds: [[echo, "a\\0b"]] }
`);
  const names = Array.from({ length: 3_500 }, (_, index) => `a-file-with-a-rather-long-name-${index}.ts`);
  assert.is((await host.tazpod("run", "lint", "--", ...names)).stdout, "3500 none\n");
  assert.is((await host.tazpod("run", "lint", "--", "a", "b")).stdout, "2 a b\n");
  const nul = await host.tazpod("nul");
  assert.is.not(nul.code, 0);
  assert.not.match(nul.stderr, "bug in tazpod");
  assert.match(nul.stderr, /NUL/);
});

test("dotenv files set what the environment lacks, are covered by the trust, and may be missing only if optional", async () => {
  const host = await recipeHost(
    `
tasks:
  go:
    new: true
    vars: { stage: { default: dev, choices: [dev, prod] } }
    dotenv: [".env.{{stage}}", { file: .env.local, optional: true }, .env]
    cmds: [[sh, -c, 'echo "$A $B $C $1"', sh, "{{env.B}}"]]
`,
    { ".env": "A=base\nB='from base' # a comment\nC=base\n", ".env.dev": "A=dev\n" },
  );
  host.env["C"] = "mine";
  assert.is((await host.tazpod("go")).stdout, "dev from base mine from base\n");
  const missing = await host.tazpod("go", "stage=prod");
  assert.is(missing.code, 3);
  assert.match(missing.stderr, "go reads its environment from .env.prod, but there is no such file.");
  // only its name and hash are shown and recorded
  const shown = await host.tazpod("trust", "--show");
  assert.match(shown.stdout, ".env.dev");
  assert.not.match(shown.stdout, "from base");
});

test("a dotenv file that changed since it was trusted is refused", async () => {
  const host = await recipeHost(
    `
tasks: { go: { new: true, dotenv: [.env], needs: [done], cmds: [[sh, -c, 'echo "$A"']] }, edit: { new: true, provides: [done], cmds: [[sh, -c, "echo A=evil > .env; touch ok"]] } }
facts: { done: { new: true, check: { exists: ok } } }
`,
    { ".env": "A=good\n" },
  );
  const done = await host.tazpod("go");
  assert.is.not(done.code, 0);
  assert.match(done.stderr, ".env");
  assert.is(done.stdout, "");
});

test("a PATH that the task sets is for its programs; tazpod itself finds none of the project's in it", async () => {
  const recipe = `
tasks:
  by-name: { new: true, env: { PATH: "{{recipe_dir}}/bin:{{env.PATH}}" }, cmds: [[sh, -c, mine], [mine]] }
  hidden: { new: true, env: { PATH: "{{recipe_dir}}/bin:{{env.PATH}}" }, cmds: [["true"]] }
`;
  const host = await recipeHost(recipe, {
    "bin/mine": "#!/bin/sh\necho mine\n",
    "bin/true": "#!/bin/sh\necho replaced\n",
  });
  const named = await host.tazpod("by-name");
  assert.is(named.code, 1);
  assert.is(named.stdout, "mine\n");
  assert.match(named.stderr, "The program mine was not found.");
  assert.match(named.stderr, "A program of the project needs its path: ./bin/mine.");
  const hidden = await host.tazpod("hidden");
  assert.is(hidden.stdout, "", hidden.stderr);
  assert.is(hidden.code, 0);
});

test("{{recipe_dir}} is the folder of the recipe that says it, also after merging", async () => {
  const host = await recipeHost(
    "extends: [shared/base.yaml]\ntasks: { go: { env: { MINE: '{{recipe_dir}}' } } }\n",
    {
      "shared/base.yaml": `version: 1
tasks: { go: { new: true, cmds: [["{{recipe_dir}}/tool.sh"]] } }
`,
      "shared/tool.sh": '#!/bin/sh\necho "$MINE $0"\n',
    },
  );
  const { stdout, stderr } = await host.tazpod("go");
  assert.is(stdout, `${host.folder} ${host.path("shared/tool.sh")}\n`, stderr);
});

test("the recipe, scripts and programs of a package are covered by the trust", async () => {
  const folder = "node_modules/@acme/steps";
  const host = await recipeHost('extends: [{ package: "@acme/steps", as: acme }]\n', {
    [`${folder}/tazpod.tasks.yaml`]: `version: 1
tasks: { go: { new: true, script: ./go.sh } }
`,
    [`${folder}/go.sh`]: "#!/bin/sh\necho from the package\n",
  });
  assert.is((await host.tazpod("acme:go")).stdout, "from the package\n");
  const shown = await host.tazpod("trust", "--show");
  for (const name of ["tazpod.tasks.yaml", "go.sh"]) assert.match(shown.stdout, `${folder}/${name}`);
  const hash = /[0-9a-f]{64}/.exec(shown.stdout + shown.stderr)?.[0] ?? "";
  host.env["TAZPOD_TRUST"] = hash;
  assert.is((await host.tazpod("acme:go")).code, 0);
  await writeFile(host.path(folder, "go.sh"), "#!/bin/sh\necho changed\n");
  assert.is((await host.tazpod("acme:go")).stdout, "");
});

test("programs run in the task's folder; a program of the project there is covered by the trust", async () => {
  const host = await recipeHost(
    `
tasks:
  go: { new: true, args: [{ name: service, choices: [api, web] }], dir: "services/{{service}}", cmds: [[./deploy.sh]] }
  nowhere: { new: true, dir: none, cmds: [["true"]] }
`,
    { "services/web/deploy.sh": '#!/bin/sh\nbasename "$PWD"\n' },
  );
  assert.is((await host.tazpod("go", "web")).stdout, "web\n");
  assert.match((await host.tazpod("trust", "--show")).stdout, "services/web/deploy.sh");
  const none = await host.tazpod("go", "api");
  assert.match(none.stderr, "services/api, but there is no such folder.");
  await writeFile(host.path("services/web/deploy.sh"), "#!/bin/sh\necho changed\n");
  host.env["TAZPOD_TRUST"] = "";
  assert.is.not((await host.tazpod("go", "web")).code, 0);
});

test("a script in any language is a program that starts with #!, with the words after -- as its arguments", async () => {
  const host = await recipeHost(
    `
tasks:
  go: { new: true, script: ./go.sh }
  full: { new: true, args: [{ name: what }, { name: rest, variadic: true }], script: ./go.sh }
`,
    { "go.sh": '#!/bin/sh\necho "$TAZPOD_WHAT: $# $1"\n' },
  );
  assert.is((await host.tazpod("go", "--", "a b", "c")).stdout, ": 2 a b\n");
  assert.is((await host.tazpod("full", "x", "--", "d")).stdout, "x: 1 d\n");
  await chmod(host.path("go.sh"), 0o644);
  assert.match((await host.tazpod("go")).stderr, "go.sh");
  await writeFile(host.path("go.sh"), "echo hello\n");
  const refused = await host.tazpod("go");
  assert.is(refused.code, 2);
  assert.match(refused.stderr, "./go.sh is neither JavaScript nor a program");
});

test.run();
