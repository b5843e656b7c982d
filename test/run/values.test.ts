import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { removeHosts } from "../rig/host.js";
import { recipeHost } from "../rig/recipe-host.js";

// What the command line gives to tasks: arguments, variables and the words after --.

test.after(removeHosts);

const print = (...items: string[]): string => `[[printf, "<%s>", ${items.join(", ")}]]`;

const deploy = `
vars: { region: { default: eu, choices: [eu, us], help: where the servers are }, plain: x }
tasks:
  deploy:
    new: true
    desc: Deploy {{service}}
    args:
      - { name: service, choices: [api, web], help: which one }
      - { name: count, type: number, default: 2 }
      - { name: rest, variadic: true, help: passed on }
    vars: { env: { default: staging, choices: [staging, prod], help: where to }, note: { optional: true } }
    cmds: ${print('"{{service}}"', '"{{count}}"', '"{{env}}-{{region}}"', '"{{note}}"', '"{{rest}}"')}
  hi: { new: true, cmds: [[echo, first], [printf, "<%s>", hello]] }
  lint: { new: true, cmds: [[echo, lint]] }
  greet: { new: true, args: [{ name: who, optional: true }], cmds: [[echo, "{{who}}"]] }
`;

test("arguments by position, variables by name and the words after -- each fill whole items of a command", async () => {
  const host = await recipeHost(deploy);
  for (const [args, expected] of [
    [["deploy", "api"], "<api><2><staging-eu>"],
    [
      ["run", "deploy", "web", "3", "env=prod", "--", "a b", "$(x)", "-v"],
      "<web><3><prod-eu><a b><$(x)><-v>",
    ],
    [["deploy", "count=-4", "region=us", "note=; x", "service=api"], "<api><-4><staging-us><; x>"],
  ] as const) {
    const done = await host.tazpod(...args);
    assert.is(done.stdout, expected, done.stderr);
    assert.is(done.code, 0);
    assert.match(done.stderr, /Deploy (api|web)/);
  }
});

test("a value that does not fit, is unknown or is missing is refused before anything runs, with what would fit", async () => {
  const host = await recipeHost(deploy);
  for (const [args, ...expected] of [
    [
      ["deploy"],
      "deploy needs a value for service: which one: api or web.",
      "Usage: tazpod deploy SERVICE [COUNT] [env=…] [note=…] [-- REST…]",
    ],
    [["deploy", "apo"], 'service has to be api or web, not "apo".', 'Did you mean "api"?'],
    [["deploy", "api", "env=live"], 'env has to be staging or prod, not "live".', "where to"],
    [["deploy", "api", "many"], 'count has to be a number, not "many".'],
    [["deploy", "api", "evn=prod"], 'There is no variable or argument "evn".', 'Did you mean "env"?'],
    [
      ["deploy", "api", "1", "lintt"],
      '"lintt" is no argument of deploy, and no goal or task.',
      'Did you mean "lint"?',
    ],
    [["hi", "x"], '"x" is no argument of hi, and no goal or task.', "Usage: tazpod hi"],
    [["deploy", "api", "service=web", "1"], '"1" is no argument of deploy'],
    [
      ["greet", "ann", "who=bob"],
      '"ann" is no argument of greet, since who=bob gives who.',
      "Leave one out. Usage: tazpod greet [WHO]",
    ],
    [["deploy", "env=prod", "env=prod", "api"], "env is given twice."],
    [["hi", "lint", "hi"], "hi is named twice."],
    [["hi", "root=/"], 'There is no variable or argument "root".'],
    [["deploy", "api", "enter", "lint", "--", "x"], "The words after -- belong to lint"],
    [["login", "--", "x"], "login runs no command, so nothing can follow --."],
  ] as const) {
    const done = await host.tazpod(...args);
    assert.is(done.code, 2, `${args.join(" ")}: ${done.stderr}`);
    assert.is(done.stdout, "");
    for (const text of expected) assert.match(done.stderr, text);
  }
});

test("a recipe without variables says that NAME=VALUE has no meaning", async () => {
  const host = await recipeHost("tasks: { hi: { new: true, cmds: [[echo, hi]] } }");
  const done = await host.tazpod("hi", "x=y");
  assert.is(done.code, 2);
  assert.match(done.stderr, "hi takes no NAME=VALUE, so x= has no meaning.");
  assert.match(done.stderr, "`args` and `vars` in the recipe declare what a task takes.");
});

test("a task without arguments passes the words after -- to its last command", async () => {
  const host = await recipeHost(deploy);
  assert.is((await host.tazpod("run", "hi", "--", "a", "b c")).stdout, "first\n<hello><a><b c>");
});

test("several tasks run in one call, in order, and the words after -- belong to the last", async () => {
  const host = await recipeHost(`${deploy}goals: { all: { new: true, run: [lint, hi] } }\n`);
  const done = await host.tazpod("run", "deploy", "api", "lint", "hi", "--", "x");
  assert.is(done.stdout, "<api><2><staging-eu>lint\nfirst\n<hello><x>", done.stderr);
  assert.is((await host.tazpod("all", "--", "y")).stdout, "lint\nfirst\n<hello><y>");
  const planned = JSON.parse((await host.tazpod("plan", "deploy", "web", "lint", "--json")).stdout) as {
    target: string;
    steps: { task: string }[];
  };
  assert.is(planned.target, "deploy lint");
  assert.equal(
    planned.steps.map(({ task }) => task),
    ["deploy", "lint"],
  );
});

test("what a task is given counts also if a goal that is named has it", async () => {
  const host = await recipeHost(`${deploy}goals: { all: { new: true, run: [lint, deploy] } }\n`);
  for (const args of [
    ["deploy", "api", "3", "all"],
    ["all", "deploy", "api", "3"],
  ]) {
    const done = await host.tazpod("run", ...args);
    assert.is(done.code, 0, done.stderr);
    assert.match(done.stdout, "<api><3><staging-eu>");
  }
});

test("the words after -- belong to the last task of a goal only", async () => {
  const host = await recipeHost(`
tasks:
  one: { new: true, args: [{ name: rest, variadic: true }], cmds: ${print("one", '"{{rest}}"')} }
  two: { new: true, args: [{ name: rest, variadic: true }], cmds: ${print("two", '"{{rest}}"')} }
goals: { both: { new: true, run: [one, two] } }
`);
  const done = await host.tazpod("both", "--", "x", "y");
  assert.is(done.stdout, "<one><two><x><y>", done.stderr);
});

test("a variable may have the name of a property that every object has", async () => {
  const host = await recipeHost(
    `tasks: { go: { new: true, vars: { constructor: a, valueOf: b }, cmds: ${print('"{{constructor}}"', '"{{valueOf}}"')} } }`,
  );
  const done = await host.tazpod("go");
  assert.is(done.stdout, "<a><b>", done.stderr);
});

test("the first task that fails ends the call, and what has started is cleaned up once, at the end", async () => {
  const host = await recipeHost(`
tasks:
  one: { new: true, cmds: [[echo, one]], finally: [tidy] }
  two: { new: true, cmds: [["false"]], finally: [tidy] }
  three: { new: true, cmds: [[echo, three]] }
  tidy: { new: true, cmds: [[echo, tidy]] }
`);
  const done = await host.tazpod("run", "one", "two", "three");
  assert.is(done.code, 1);
  assert.is(done.stdout, "one\n");
});

test("what the command line gives does not reach a task of the same variable that it does not name", async () => {
  const host = await recipeHost(`
facts: { up: { new: true, check: { exists: up } } }
tasks:
  lift: { new: true, provides: [up], vars: { env: { default: safe } }, cmds: [[touch, up], [echo, "{{env}}"]] }
  go: { new: true, needs: [up], vars: { env: { default: test } }, cmds: [[echo, "{{env}}"]] }
`);
  const done = await host.tazpod("go", "env=prod");
  assert.is(done.stdout, "prod\n");
  assert.match(done.stderr, /^safe$/m);
});

test("the help of a task shows its arguments and variables, and so does the list", async () => {
  const host = await recipeHost(deploy);
  const help = (await host.tazpod("deploy", "--help")).stdout;
  assert.match(help, "deploy: Deploy <service>\n");
  assert.match(help, "Usage: tazpod deploy SERVICE [COUNT] [env=…] [note=…] [-- REST…] [FLAGS]");
  assert.match(help, /^ {2}SERVICE {2,}which one \(api or web\)$/m);
  assert.match(help, /^ {2}COUNT {2,}\(a number; default: 2\)$/m);
  assert.match(help, /^ {2}-- REST… {2,}passed on$/m);
  assert.match(help, /^ {2}env=… {2,}where to \(staging or prod; default: staging\)$/m);
  assert.match(help, /^ {2}region=… {2,}where the servers are \(eu or us; default: eu\)$/m);
  assert.match((await host.tazpod("list")).stdout, /^ {2}deploy SERVICE \[COUNT\] .*Deploy <service>/m);
  const { tasks } = JSON.parse((await host.tazpod("list", "--json")).stdout) as {
    tasks: { name: string; args: { name: string; required: boolean }[] }[];
  };
  assert.equal(
    tasks.find(({ name }) => name === "deploy")?.args.map(({ name, required }) => [name, required]),
    [
      ["service", true],
      ["count", false],
      ["rest", false],
    ],
  );
});

test("a plain variable can be set, too, but not if it is part of a script", async () => {
  const host = await recipeHost(
    `
vars: { plain: x, code: y }
tasks:
  show: { new: true, cmds: [[echo, "{{plain}}"]] }
  run: { new: true, cmds: [[sh, -c, "echo {{code}}"]] }
`.replace("  run:", "  run-code:"),
  );
  assert.is((await host.tazpod("show", "plain=$(id)")).stdout, "$(id)\n");
  assert.is((await host.tazpod("run-code")).stdout, "y\n");
  const done = await host.tazpod("run-code", "code=z; id");
  assert.is(done.code, 2);
  assert.match(done.stderr, "code is part of a script in the recipe, so the command line cannot set it.");
});

test("a file that was named on the command line needs no trust; one that a choice names is covered by it", async () => {
  const host = await recipeHost(`
tasks:
  lint: { new: true, args: [{ name: files, variadic: true }], cmds: [[cat, "{{files}}"]] }
  ship: { new: true, args: [{ name: service, choices: [api, web] }], cmds: [["./{{service}}/ship.sh"]] }
`);
  for (const name of ["api", "web"]) {
    await mkdir(host.path(name));
    await writeFile(host.path(name, "ship.sh"), `#!/bin/sh\necho ship ${name}\n`);
    await chmod(host.path(name, "ship.sh"), 0o755);
  }
  await writeFile(host.path("new.py"), "print(1)\n");
  assert.is((await host.tazpod("lint", "--", "new.py")).stdout, "print(1)\n");
  assert.is((await host.tazpod("ship", "web")).stdout, "ship web\n");
  assert.match((await host.tazpod("trust", "--show")).stdout, "web/ship.sh");
  await writeFile(host.path("api", "ship.sh"), "#!/bin/sh\necho changed\n");
  host.env["TAZPOD_TRUST"] = "";
  assert.match((await host.tazpod("ship", "api")).stderr, "trust");
});

test("a script gets the words after -- as its arguments, and values in TAZPOD_ variables", async () => {
  const host = await recipeHost(`
tasks:
  program: { new: true, args: [{ name: service }, { name: more, variadic: true }], script: ./program.mjs }
  module: { new: true, script: ./module.mjs }
`);
  await writeFile(
    host.path("program.mjs"),
    "import { writeFileSync } from 'node:fs';\nwriteFileSync('out', JSON.stringify([process.env.TAZPOD_SERVICE, ...process.argv.slice(3)]));\n",
  );
  await writeFile(
    host.path("module.mjs"),
    "import { writeFileSync } from 'node:fs';\nexport const run = ({ project, words }) => writeFileSync(project.root + '/out', JSON.stringify(words));\n",
  );
  const program = await host.tazpod("program", "api", "--", "a b", "-c");
  assert.is(program.code, 0, program.stderr);
  assert.is(await readFile(host.path("out"), "utf8"), '["api","a b","-c"]');
  await host.tazpod("module", "--", "x");
  assert.is(await readFile(host.path("out"), "utf8"), '["x"]');
});

test.run();
