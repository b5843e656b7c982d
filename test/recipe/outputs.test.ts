import { test } from "uvu";
import * as assert from "uvu/assert";
import { recipeOf, wordsOf } from "./rig.js";

// `outputs`, and the texts that use them.

const deploy = "deploy: { new: true, outputs: { url: { from: stdout } }, cmds: [[deploy]] }";
const words = (tasks: string, more = ""): Promise<readonly string[]> =>
  wordsOf(`${more}tasks:\n  ${deploy}\n  ${tasks}`);

test("a task uses the outputs that its texts name, wherever they stand", async () => {
  const recipe = await recipeOf(`tasks:
  ${deploy}
  a: { new: true, cmds: [[curl, "{{tasks.deploy.url}}/x", "{{ tasks.deploy.url }}"]] }
  b: { new: true, env: { URL: "{{tasks.deploy.url}}" }, cmds: [["true"]] }
  c: { new: true, dir: "{{tasks.deploy.url}}", cmds: [["true"]] }
  d: { new: true, vars: { v: { command: [curl, "{{tasks.deploy.url}}"] } }, cmds: [["true"]] }
  e: { new: true, preconditions: [{ check: { command: [curl, "{{tasks.deploy.url}}"] }, msg: no }], cmds: [["true"]] }
  f: { new: true, cmds: [[echo, "{{.tasks.deploy.url}}"]] }
`);
  assert.equal(recipe.tasks.get("deploy")?.outputs, ["url"]);
  for (const name of ["a", "b", "c", "d", "e"]) assert.equal(recipe.tasks.get(name)?.uses, ["deploy"], name);
  assert.equal(recipe.tasks.get("f")?.uses, []);
});

test("the name of an output has to exist", async () => {
  const uses = (name: string) => words(`go: { new: true, cmds: [[curl, "{{${name}}}"]] }`);
  assert.equal(await uses("tasks.deplo.url"), [
    'tazpod.tasks.yaml:4:34 there is no task "deplo" (did you mean "deploy"?)',
  ]);
  assert.equal(await uses("tasks.deploy.urll"), [
    'tazpod.tasks.yaml:4:34 the task "deploy" has no output "urll" (did you mean "url"?)',
  ]);
  assert.equal(await uses("tasks.deploy"), [
    "tazpod.tasks.yaml:4:34 {{tasks.deploy}} names no output (known: {{tasks.deploy.url}})",
  ]);
  assert.equal(await uses("tasks.make.x"), [
    'tazpod.tasks.yaml:4:34 the task "make" has no output "x" (give it one: outputs: { NAME: { from: stdout } })',
  ]);
});

test("an output is no code, and cannot be used where its value comes too late", async () => {
  const late = "{{tasks.deploy.url}} has a value only when deploy has run, and";
  for (const [task, more, problem] of [
    ['go: { new: true, desc: "{{tasks.deploy.url}}" }', "", `${late} this text is shown before`],
    ['go: { new: true, confirm: "{{tasks.deploy.url}}?" }', "", `${late} questions are asked before`],
    ['go: { new: true, dotenv: ["{{tasks.deploy.url}}"] }', "", `${late} the files are trusted before`],
    [
      'go: { new: true, confirm: "{{v}}?", vars: { v: { command: [x, "{{tasks.deploy.url}}"] } } }',
      "",
      "{{v}} has a value only when deploy has run, and questions are asked before",
    ],
    [
      "go: { new: true }",
      'facts: { up: { new: true, check: { exists: "{{tasks.deploy.url}}" } } }\n',
      `${late} facts are checked before`,
    ],
    [
      "go: { new: true }",
      'vars: { v: { command: [x, "{{tasks.deploy.url}}"] } }\n',
      `${late} the variables of the whole recipe may be needed before`,
    ],
    [
      'go: { new: true, cmds: [[sh, -c, "curl {{tasks.deploy.url}}"]] }',
      "",
      'the value of {{tasks.deploy.url}} would be read as code here (pass it as an argument, as in [sh, -c, \'echo "$1"\', sh, "{{tasks.deploy.url}}"])',
    ],
    [
      'go: { new: true, vars: { v: "{{tasks.deploy.url}}" } }',
      "",
      "a variable's value is used as written: {{…}} is not replaced in it",
    ],
  ] as const)
    assert.equal(
      (await words(task, more)).map((text) => text.replace(/^\S+ /, "")),
      [problem],
    );
});

test("only a task that prints has outputs, and they are its stdout", async () => {
  const outputs = "outputs: { url: { from: stdout } }";
  const of = async (task: string) =>
    (await wordsOf(`tasks: { ${task} }`)).map((text) => text.replace(/^\S+ /, ""));
  assert.equal(await of(`go: { new: true, ${outputs} }`), ['the task "go" has outputs, but it runs nothing']);
  assert.equal(await of(`go: { new: true, interactive: true, cmds: [[top]], ${outputs} }`), [
    'the task "go" has outputs, but it is interactive, so its programs print on the terminal only',
  ]);
  assert.equal(await of(`make: { ${outputs} }`), [
    'the task "make" has outputs, but its script comes with tazpod and prints none',
  ]);
  assert.equal(await of("go: { new: true, cmds: [[x]], outputs: { url: { from: stderr } } }"), [
    'expected stdout, found "stderr"',
  ]);
  assert.equal(await of("go: { new: true, cmds: [[x]], outputs: { url: stdout } }"), [
    'expected a map: `{ from: stdout }`, found "stdout"',
  ]);
});

test("tasks that use each other's outputs are a cycle, but a cleanup uses what its task printed", async () => {
  assert.equal(
    await wordsOf(`tasks:
  a: { new: true, outputs: { x: { from: stdout } }, cmds: [[echo, "{{tasks.b.x}}"]] }
  b: { new: true, outputs: { x: { from: stdout } }, cmds: [[echo, "{{tasks.a.x}}"]] }
`),
    ["tazpod.tasks.yaml:4:67 a cycle: a → b → a"],
  );
  const recipe = await recipeOf(`tasks:
  up: { new: true, outputs: { pid: { from: stdout } }, cmds: [[up]], finally: [down] }
  down: { new: true, cmds: [[kill, "{{tasks.up.pid}}"]] }
`);
  assert.equal(recipe.tasks.get("down")?.uses, ["up"]);
});

test("a task whose output is used cannot require a value", async () => {
  assert.equal(
    await wordsOf(`tasks:
  deploy: { new: true, args: [{ name: to }], outputs: { url: { from: stdout } }, cmds: [[deploy, "{{to}}"]] }
  go: { new: true, cmds: [[curl, "{{tasks.deploy.url}}"]] }
`),
    [
      'tazpod.tasks.yaml:3:31 the task "deploy" needs a value for "to", but it also runs for its output, which "go" uses (add `default`, or `optional: true`)',
    ],
  );
});

test("in a recipe with a prefix, the outputs of its own tasks get it", async () => {
  const recipe = await recipeOf(
    `extends: [{ recipe: vpn.yaml, as: vpn }]
tasks: { go: { new: true, cmds: [[ping, "{{tasks.vpn:up.ip}}"]] } }`,
    {
      "vpn.yaml": `version: 1
tasks:
  up: { new: true, outputs: { ip: { from: stdout } }, cmds: [[up]] }
  route: { new: true, cmds: [[route, "{{ tasks.up.ip }}/32"]] }
`,
    },
  );
  assert.equal(recipe.tasks.get("vpn:route")?.uses, ["vpn:up"]);
  assert.equal(recipe.tasks.get("vpn:route")?.action, {
    kind: "cmds",
    cmds: [["route", "{{ tasks.vpn:up.ip }}/32"]],
  });
  assert.equal(recipe.tasks.get("go")?.uses, ["vpn:up"]);
});

test.run();
