import { test } from "uvu";
import * as assert from "uvu/assert";
import { load, recipeOf, wordsOf } from "./rig.js";

/** Problems of a single recipe, without the file name. */
async function builtinWords(
  text: string,
  scripts: readonly string[] = ["a", "b", "c"],
): Promise<readonly string[]> {
  return (await wordsOf({ builtin: text, scripts })).map((words) => words.replace(/^builtin\.yaml:/, ""));
}

test("an unknown name is reported with its place and the closest name", async () => {
  assert.equal(await wordsOf("tasks: { shell: { needs: [heer], wants: { append: [zzz] } } }"), [
    'tazpod.tasks.yaml:2:27 there is no fact "heer" (did you mean "here"?)',
    'tazpod.tasks.yaml:2:52 there is no fact "zzz"',
  ]);
  assert.equal(await wordsOf("goals: { enter: { run: [shel] } }"), [
    'tazpod.tasks.yaml:2:25 there is no task "shel" (did you mean "shell"?)',
  ]);
  assert.equal(await wordsOf("tasks: { shell: { finally: [{ task: lok, unless: opne }] } }"), [
    'tazpod.tasks.yaml:2:37 there is no task "lok" (did you mean "lock"?)',
    'tazpod.tasks.yaml:2:50 there is no fact "opne" (did you mean "open"?)',
  ]);
  assert.equal(
    await wordsOf("tasks: { shell: { preconditions: [{ check: { not: { fact: opn } }, msg: no }] } }"),
    ['tazpod.tasks.yaml:2:59 there is no fact "opn" (did you mean "open"?)'],
  );
});

test("a task in the place of a fact is reported", async () => {
  assert.equal(await wordsOf("tasks: { shell: { needs: [unlock] } }"), [
    'tazpod.tasks.yaml:2:27 there is no fact "unlock" ("unlock" is a task; expected a fact)',
  ]);
});

test("a cycle is printed as the path", async () => {
  assert.equal(
    await builtinWords(`
facts: { x: { check: { env: X } }, y: { check: { env: Y } } }
tasks:
  a: { needs: [y], provides: [x] }
  b: { needs: [x], provides: [y] }
`),
    ["5:3 a cycle: a → y → b → x → a"],
  );
});

test("facts that require each other are a cycle", async () => {
  assert.equal(
    await builtinWords(
      "facts: { x: { requires: [y], check: { env: X } }, y: { requires: [x], check: { env: Y } } }",
    ),
    ["2:67 a cycle: x → y → x"],
  );
  assert.equal(await builtinWords("facts: { x: { check: { not: { fact: x } } } }"), ["2:22 a cycle: x → x"]);
});

test("a cleanup that leads back to its task is a cycle", async () => {
  assert.equal(
    await builtinWords(
      "facts: { x: { check: { env: X } } }\ntasks: { a: { provides: [x], finally: [b] }, b: { needs: [x] } }",
    ),
    ["3:10 a cycle: a → b → x → a"],
  );
});

test("two possible providers have to be put in order", async () => {
  const tasks = "tasks: { a: { provides: [x] }, b: { provides: [x] } }";
  assert.equal(await builtinWords(`facts: { x: { check: { env: X } } }\n${tasks}`), [
    '3:48 a and b both provide "x", but their order is not defined (in the fact "x", list them in order of preference: providers: [a, b])',
  ]);
  const loaded = await load({
    builtin: `facts: { x: { check: { env: X }, providers: [b, a] } }\n${tasks}`,
    scripts: ["a", "b"],
  });
  assert.equal(loaded.ok && loaded.value.facts.get("x")?.providers, ["b", "a"]);
});

test("a provider has to provide the fact", async () => {
  assert.equal(
    await builtinWords(
      "facts: { x: { check: { env: X }, providers: [b] } }\ntasks: { a: { provides: [x] }, b: {} }",
    ),
    ['2:46 the task "b" does not provide "x" (these tasks do: a)'],
  );
});

test("a task that clears a fact provides its opposite", async () => {
  const recipe = await recipeOf("facts: { closed: { new: true, check: { not: { fact: open } } } }");
  assert.equal(recipe.facts.get("closed")?.providers, ["lock"]);
});

test("a derived fact contains no other checks", async () => {
  assert.equal(
    await builtinWords(
      "facts: { x: { check: { env: X } }, y: { check: { all: [{ fact: x }, { env: Y }] } } }",
    ),
    ["2:48 a check of facts cannot contain other checks (make the other check a fact of its own)"],
  );
});

test("an interactive task is not retried", async () => {
  assert.equal(await wordsOf("tasks: { unlock: { retries: 2 } }"), [
    'tazpod.tasks.yaml:2:29 the task "unlock" is interactive, and interactive tasks are never retried (remove retries)',
  ]);
});

test("a task has a script or cmds, not both", async () => {
  const files = {
    "tazpod.tasks.yaml": "version: 1\ntasks:\n  make:\n    script: ./make.mjs\n    cmds: [[make]]\n",
    "make.mjs": "",
  };
  assert.equal(await wordsOf({ files }), [
    'tazpod.tasks.yaml:4:13 the task "make" has both script and cmds (the other is at tazpod.tasks.yaml:5; cmds: null removes it)',
  ]);
});

test("names are unique", async () => {
  assert.equal(
    await wordsOf("tasks: { make: { aliases: [enter] } }\ngoals: { lock: { new: true, run: [shell] } }"),
    [
      'tazpod.tasks.yaml:2:28 the name "enter" is already a goal, at builtin.yaml:11',
      'tazpod.tasks.yaml:3:10 the name "lock" is already a task, at builtin.yaml:9',
    ],
  );
});

test("a name in braces has to have a value", async () => {
  assert.equal(await wordsOf("tasks: { unlock: { confirm: 'Open {{contaner}}?' } }"), [
    'tazpod.tasks.yaml:2:29 {{contaner}} has no value here (did you mean "container"?)',
  ]);
  assert.equal(await wordsOf("tasks: { make: { cmds: [[echo, '{{reason}}']] } }"), [
    "tazpod.tasks.yaml:2:32 {{reason}} has no value here (known names: container, remote)",
  ]);
  await recipeOf(
    "vars: { a: x }\ntasks: { make: { vars: { b: y }, cmds: [[echo, '{{a}} {{ b }} {{remote}} {{.Names}}']], preconditions: [{ check: { exists: '{{a}}' }, msg: '{{reason}}' }] } }",
  );
});

test("a variable cannot have the name of one of tazpod's", async () => {
  assert.equal(await wordsOf("vars: { remote: x }"), [
    'tazpod.tasks.yaml:2:9 tazpod sets "remote" itself (use another name)',
  ]);
});

test("a script is one of tazpod's by name, or a file relative to the recipe that names it", async () => {
  assert.equal(
    await wordsOf(
      "tasks: { make: { script: mkae }, lock: { script: ./no.mjs }, shell: { script: run.mjs } }",
    ),
    [
      'tazpod.tasks.yaml:2:26 tazpod has no built-in script "mkae" (did you mean "make"?)',
      "tazpod.tasks.yaml:2:50 there is no file ./no.mjs (a script's path is relative to the recipe that names it)",
      'tazpod.tasks.yaml:2:79 tazpod has no built-in script "run.mjs" (start a path in the project with ./: "./run.mjs")',
    ],
  );
  const loaded = await load({
    files: {
      "tazpod.tasks.yaml": "version: 1\nextends: [shared/base.yaml]",
      "shared/base.yaml":
        "version: 1\nfacts: { x: { new: true, check: { script: ../check.mjs, check: y } } }\ntasks: { make: { script: ./make.mjs } }",
      "shared/make.mjs": "",
      "check.mjs": "",
    },
  });
  assert.equal(loaded.ok && loaded.value.tasks.get("make")?.action, {
    kind: "script",
    script: { kind: "file", file: "/p/shared/make.mjs" },
  });
  assert.equal(loaded.ok && loaded.value.facts.get("x")?.check, {
    kind: "script",
    script: { kind: "file", file: "/p/check.mjs" },
    check: "y",
  });
});

test("a built-in task without script or cmds has the script of its name; a project's is an aggregate", async () => {
  const recipe = await recipeOf("tasks: { both: { new: true, needs: [here, open] }, lock: { cmds: [] } }");
  assert.equal(recipe.tasks.get("make")?.action, {
    kind: "script",
    script: { kind: "builtin", name: "make" },
  });
  assert.equal(recipe.tasks.get("both")?.action, { kind: "none" });
  assert.equal(recipe.tasks.get("lock")?.action, { kind: "none" });
});

test("a fact needs a check, and a goal a task", async () => {
  assert.equal(await wordsOf("facts: { x: { new: true } }\ngoals: { enter: { run: null } }"), [
    'builtin.yaml:11:3 the goal "enter" has no tasks (name its tasks: run: [a, b])',
    'tazpod.tasks.yaml:2:10 the fact "x" has no check (add one: check: { exists: PATH }, or env, command, script)',
  ]);
});

test("times are seconds, or strings with a unit", async () => {
  const timeouts = async (text: string): Promise<unknown> =>
    (await recipeOf(`facts: { here: { timeout: ${text} } }`)).facts.get("here")?.timeoutMs;
  assert.equal(
    [
      await timeouts("30"),
      await timeouts("0.5"),
      await timeouts("500ms"),
      await timeouts("2m"),
      await timeouts("null"),
    ],
    [30_000, 500, 500, 120_000, 5000],
  );
});

test("another version is refused", async () => {
  assert.equal(await wordsOf({ files: { "tazpod.tasks.yaml": "version: 2" } }), [
    "tazpod.tasks.yaml:1:10 expected the version of the recipe format, 1, found the number 2",
  ]);
  assert.equal(await wordsOf({ files: { "tazpod.tasks.yaml": "tasks: {}" } }), [
    'tazpod.tasks.yaml:1:1 "version" is missing',
  ]);
});

test("problems of several files are all reported, ancestors first", async () => {
  const files = {
    "tazpod.tasks.yaml": "version: 1\ntasks: 3",
    "tazpod.tasks.local.yaml": "version: 1\nfacts: 3",
  };
  assert.is((await wordsOf({ files })).length, 2);
});

test("a task in the container needs the container, and has commands only", async () => {
  const facts = "facts: { container: { new: true, check: { env: C } } }";
  const words = async (fields: string, before = facts): Promise<readonly string[]> =>
    (await wordsOf(`${before}\ntasks: { go: { new: true, in: container, ${fields} } }`)).map((text) =>
      text.replace(/^\S+ /, ""),
    );
  assert.equal(await words("cmds: [[ls]]", ""), [
    'the task "go" runs in the container, but there is no fact "container"',
  ]);
  assert.equal(await words("script: make"), [
    'the task "go" runs in the container, but has no cmds (a script runs on this host; cmds: [[./FILE]] runs one in the container)',
  ]);
  assert.equal(await words("cmds: [[ls]], dotenv: [.env]"), [
    'the task "go" runs in the container, where dotenv files have no effect (use `env`, and the vault for secrets)',
  ]);
  assert.equal(await words("cmds: [[ls]], provides: [container]"), ["a cycle: go → container → go"]);
  const recipe = await recipeOf(
    `${facts}\ntasks: { go: { new: true, in: container, needs: [here], cmds: [[ls]] } }`,
  );
  assert.equal(recipe.tasks.get("go")?.needs, ["container", "here"]);
});

test.run();
