import { test } from "uvu";
import * as assert from "uvu/assert";
import { recipeOf, wordsOf } from "./rig.js";

// `args` and `vars`: what may be declared, and what is refused when the recipe is read.

/** The problems of the arguments of one new task, without their place. */
async function argumentWords(args: string, more = ""): Promise<readonly string[]> {
  const words = await wordsOf(`tasks: { go: { new: true, args: ${args}${more} } }`);
  return words.map((text) => text.replace(/^\S+ /, ""));
}

test("arguments and variables are read with what they may be, and merge by the rules of the format", async () => {
  const base = `version: 1
tasks:
  go: { new: true, args: [{ name: service, choices: [api, web] }], vars: { env: { default: test, choices: [test, prod] } } }
`;
  const recipe = await recipeOf(
    "extends: [base.yaml]\ntasks: { go: { args: { append: [{ name: files, variadic: true }] }, vars: { env: { default: prod } } } }",
    { "base.yaml": base },
  );
  const { args = [], vars = [] } = recipe.tasks.get("go") ?? {};
  assert.equal(
    args.map(({ name, choices, variadic, optional }) => [name, choices, variadic, optional]),
    [
      ["service", ["api", "web"], false, false],
      ["files", [], true, true],
    ],
  );
  assert.equal(
    vars.map(({ name, choices, text }) => [name, choices, text]),
    [["env", ["test", "prod"], "prod"]],
  );
});

test("a default or a choice that its own rules refuse is a problem", async () => {
  assert.equal(await argumentWords("[{ name: a, choices: [api, web], default: ap }]"), [
    '"a" is api or web, not "ap"',
  ]);
  assert.equal(await argumentWords("[{ name: a, type: number, default: x }]"), ['"a" is a number, not "x"']);
  assert.equal(await argumentWords("[{ name: a, type: boolean, choices: [yes, 'true'] }]"), [
    '"a" is true or false, not "yes"',
  ]);
  assert.equal(await argumentWords("[{ name: a, default: 012 }]"), [
    '012 without quotes is the number 12 (quote it: "012")',
  ]);
});

test("arguments whose words could not be told apart are a problem", async () => {
  assert.equal(await argumentWords("[{ name: a, default: x }, { name: b }]"), [
    '"b" is required, but comes after "a", which is not (put required arguments first)',
  ]);
  assert.equal(await argumentWords("[{ name: a, variadic: true }, { name: b, variadic: true }]"), [
    '"a" takes all words after --, so "b" gets none',
  ]);
  assert.equal(await argumentWords("[{ name: a }, { name: a }]"), ['the task "go" already has "a"']);
  assert.equal(await argumentWords("[{ name: a }]", ", vars: { a: x }"), ['the task "go" already has "a"']);
  assert.equal(await argumentWords("[{ name: remote }]"), ['tazpod sets "remote" itself (use another name)']);
  assert.equal(await argumentWords("[{ nmae: a }]"), [
    '"name" is missing',
    'unknown key "nmae" (did you mean "name"?)',
  ]);
});

test("a task that also runs without being named cannot require a value", async () => {
  assert.equal(
    await wordsOf(
      "facts: { up: { new: true, check: { env: UP } } }\ntasks: { go: { new: true, provides: [up], args: [{ name: a }] } }",
    ),
    [
      'tazpod.tasks.yaml:3:50 the task "go" needs a value for "a", but it also runs for the fact "up" (add `default`, or `optional: true`)',
    ],
  );
  assert.equal(
    await wordsOf(
      "tasks: { go: { new: true, vars: { a: { help: x } } }, shell: { finally: { append: [go] } } }",
    ),
    [
      'tazpod.tasks.yaml:2:35 the task "go" needs a value for "a", but it also runs in the `finally` of "shell" (add `default`, or `optional: true`)',
    ],
  );
  assert.equal(await wordsOf("vars: { a: { help: x } }"), [
    'tazpod.tasks.yaml:2:9 the variable "a" has no default (a variable of the whole recipe needs `default`, or `optional: true`)',
  ]);
});

test("no value from outside may become code, and a value of several words stands by itself", async () => {
  const go = (cmds: string): Promise<readonly string[]> =>
    argumentWords("[{ name: a }, { name: all, variadic: true }]", `, cmds: ${cmds}`);
  for (const code of ["sh, -c", "/bin/bash, -euc", "sudo, dash, -e, -c", "python3, -c", "node, --eval"]) {
    const [words = ""] = await go(`[[${code}, "echo {{a}}"]]`);
    assert.match(words, "the value of {{a}} would be read as code here (pass it as an argument", code);
  }
  assert.equal(await go(`[[echo, "x{{all}}"]]`), [
    "{{all}} stands for several words, so it has to be an item of `cmds` by itself",
  ]);
  const fine = await recipeOf(
    `tasks: { go: { new: true, args: [{ name: a }, { name: all, variadic: true }], cmds: [[sh, -c, 'echo "$@"', sh, "{{a}}", "{{ all }}"], [sh, -e, "./{{a}}.sh"]] } }`,
  );
  assert.is(fine.tasks.get("go")?.action.kind, "cmds");
});

test("{{name}} in the description of a task or goal has to have a value, too", async () => {
  assert.equal(
    await wordsOf("tasks: { make: { desc: 'Make {{x}}' } }\ngoals: { enter: { summary: '{{y}}' } }"),
    [
      "tazpod.tasks.yaml:2:24 {{x}} has no value here (known names: container, remote)",
      "tazpod.tasks.yaml:3:28 {{y}} has no value here (known names: container, remote)",
    ],
  );
});

test("the output of a command is not for checks of facts, nor for another command, and is never a default", async () => {
  const words = async (text: string): Promise<readonly string[]> =>
    (await wordsOf(`vars: { at: { command: [date] } }\n${text}`)).map((line) => line.replace(/^\S+ /, ""));
  assert.equal(await words('facts: { here: { check: { exists: "{{at}}" } } }'), [
    "{{at}} is the output of a command, and `plan` checks facts, but does not run it",
  ]);
  assert.equal(await words('tasks: { make: { vars: { b: { command: [echo, "{{at}}"] } } } }'), [
    "{{at}} is the output of a command, and it cannot be needed by another",
  ]);
  assert.equal(await words("tasks: { make: { vars: { b: { command: [date], default: x } } } }"), [
    '"b" has both default and command (remove one of them)',
  ]);
  assert.equal(await words("tasks: { make: { vars: { b: { timeout: 1s } } } }"), [
    '"timeout" needs "command" next to it',
  ]);
  assert.equal(await words('tasks: { make: { cmds: [[sh, -c, "echo {{env.X}}"]] } }'), [
    'the value of {{env.X}} would be read as code here (pass it as an argument, as in [sh, -c, \'echo "$1"\', sh, "{{env.X}}"])',
  ]);
});

test.run();
