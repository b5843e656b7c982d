import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseDocument } from "../../lib/document/parse-yaml.js";
import { tasksSchema } from "../../lib/recipe/tasks-schema.js";
import type { Problem } from "../../lib/failure/failure.js";
import { configSchema } from "../../lib/project/check-config.js";
import { failure } from "../rig/result.js";

function problemsOf(text: string): readonly Problem[] {
  const parsed = parseDocument({ path: "x.yaml", text }, tasksSchema);
  if (parsed.ok || parsed.failure.kind !== "invalid-document") throw new Error("the document was taken");
  return parsed.failure.problems;
}

/** "line:column message (hint)" */
function words(text: string): readonly string[] {
  return problemsOf(text).map(
    ({ at, message, hint }) =>
      `${at?.line}:${at?.column} ${message}${hint === undefined ? "" : ` (${hint})`}`,
  );
}

test("a document has its value and the place of each part", () => {
  const text = "version: 1\ntasks:\n  a: { needs: [b, c] }\n  d:\n    wants:\n      - e\n";
  const parsed = parseDocument({ path: "x.yaml", text }, tasksSchema);
  assert.ok(parsed.ok);
  if (!parsed.ok) return;
  assert.equal(parsed.value.value, { version: 1, tasks: { a: { needs: ["b", "c"] }, d: { wants: ["e"] } } });
  assert.equal(parsed.value.locate(["tasks", "a", "needs", 1]), { file: "x.yaml", line: 3, column: 19 });
  assert.equal(parsed.value.locate(["tasks", "d"], "key"), { file: "x.yaml", line: 4, column: 3 });
  assert.equal(parsed.value.locate(["tasks", "d", "wants", 0]), { file: "x.yaml", line: 6, column: 9 });
  assert.equal(parsed.value.locate(["tasks", "a", "nowhere"]), { file: "x.yaml", line: 3, column: 6 });
});

test("a problem shows its line with a marker under the place", () => {
  assert.is(
    problemsOf("version: 1\ntasks:\n  a: { confrim: x }\n")[0]?.excerpt,
    "  a: { confrim: x }\n       ~~~~~~~",
  );
  assert.is(problemsOf("version: 1\r\nfacts: text\r\n")[0]?.excerpt, "facts: text\n       ~~~~");
});

test("for an unknown key, the closest known key is suggested, or else all are listed", () => {
  assert.equal(words("version: 1\ntasks: { a: { confrim: x } }"), [
    '2:15 unknown key "confrim" (did you mean "confirm"?)',
  ]);
  assert.equal(words("version: 1\nzzzzzz: 1"), [
    '2:1 unknown key "zzzzzz" (known keys: version, extends, vars, facts, tasks, goals, hooks)',
  ]);
});

test("for a wrong type, the message has the expected and the found type", () => {
  assert.equal(words("version: 1\nfacts: { f: { requires: 3 } }"), [
    "2:25 expected a list of fact names, found the number 3",
  ]);
  assert.equal(words("version: 1\ntasks: { a: { interactive: 'yes' } }"), [
    '2:28 expected true or false, found "yes"',
  ]);
  assert.equal(words("version: 1\ntasks: { a: { timeout: 5x } }"), [
    '2:24 expected a time: seconds as a number, or a string such as "500ms", "30s", "2m", found "5x"',
  ]);
  assert.equal(words("- a"), [
    "1:1 expected a map with `version: 1`, and `facts`, `tasks`, `goals` or `vars`, found a list",
  ]);
});

test("an invalid name is shown at its key", () => {
  assert.equal(words("version: 1\ntasks: { Make: {} }"), [
    '2:10 "Make" cannot be a name; expected a name: lower-case letters, digits and dashes',
  ]);
});

test("a check with two forms, or none, is one problem", () => {
  const forms = "a check: one of `exists`, `env`, `command`, `script`, `fact`, `not`, `all`, `any`";
  assert.equal(words("version: 1\nfacts: { f: { check: { exists: a, env: B } } }"), [
    `2:22 "exists" and "env" cannot be combined; expected ${forms}`,
  ]);
  assert.equal(words("version: 1\nfacts: { f: { check: {} } }"), [`2:22 expected ${forms}`]);
  assert.equal(words("version: 1\nfacts: { f: { check: here } }"), [`2:22 expected ${forms}, found "here"`]);
});

test("all problems of a file are found, in order", () => {
  assert.equal(words("version: 2\ntasks:\n  a: { retries: x }\n  b: { finally: [{ tsk: c }] }\n"), [
    "1:10 expected the version of the recipe format, 1, found the number 2",
    '3:17 expected a whole number, 0 or more, found "x"',
    '4:18 "task" is missing',
    '4:20 unknown key "tsk" (did you mean "task"?)',
  ]);
});

test("for an empty file, the message says what is expected", () => {
  for (const text of ["", "\n\n", "# only a comment\n"])
    assert.match(words(text)[0] ?? "", /^1:1 this file is empty; expected a map with `version: 1`/);
});

test("a duplicate key is shown at its second place", () => {
  assert.equal(words("version: 1\ntasks: {}\ntasks: {}\n"), ['3:1 duplicate key "tasks"']);
  assert.equal(words("version: 1\ntasks: { a:, a: {} }\ntasks:\n"), [
    '2:14 duplicate key "a"',
    '3:1 duplicate key "tasks"',
  ]);
});

test("syntax errors are described in plain words", () => {
  assert.equal(words("version: 1\n---\nversion: 1\n"), [
    "2:1 this starts a second document; only one per file is allowed (remove the line ---)",
  ]);
  assert.equal(words("tasks:\n\ta: {}\n"), ["2:1 a tab; YAML is indented with spaces"]);
  assert.equal(words("version: !one 1\n"), [
    "1:10 tags (!name) are not supported (quote a string that starts with !)",
  ]);
  assert.equal(words("a: *nothing\n"), [
    '1:4 there is no anchor &nothing before this alias (quote a text that starts with *: "*nothing")',
  ]);
  assert.equal(words("tasks: { <<: 3 }\n"), ["1:1 a key << in this file has a value that is not a map"]);
});

test("a bracket that is not closed is shown where it was opened", () => {
  for (const [text, at, opened] of [
    ["vars: [\n", "1:7", "["],
    ["vars: [\n\nversion: 1\n", "1:7", "["],
    ["version: 1\ntasks: { a: [1, 2 }\n", "2:13", "["],
    ["tasks:\n  a: { cmds: [[x], [y]]\n  b: {}\n", "2:6", "{"],
    ["tasks: { a: [[x] }", "1:13", "["],
    ["[[x]", "1:1", "["],
  ] as const) {
    const [problem, ...more] = words(text);
    const closing = opened === "[" ? "]" : "}";
    assert.is(
      problem,
      `${at} this ${opened} is not closed (close it with ${closing}, and indent the lines in it more than the line with the ${opened})`,
    );
    assert.equal(more, []);
  }
});

test("a {{name}} without quotes is one problem, with how to quote it", () => {
  for (const [text, at] of [
    ["tasks: { a: { desc: paint {{color}}, cmds: [[echo, a], [echo, b]] } }\nvars: {}\n", "1:27"],
    ["tasks:\n  a: { cmds: [[echo, x{{color}}]] }\n  b: { cmds: [[echo]] }\n", "2:23"],
  ] as const)
    assert.equal(words(text), [
      `${at} a { ends the text before it here (quote a text that contains {{: "… {{name}} …")`,
    ]);
});

test("a wrong value in a map that may also be text is shown itself", () => {
  const parsed = parseDocument({ path: "x.yaml", text: "remote: { url: 7 }" }, configSchema);
  const { problems } = failure(parsed, "invalid-document");
  assert.equal(
    problems.map(({ at, message }) => `${at?.column} ${message.replace(/expected .*, /, "")}`),
    ["16 found the number 7"],
  );
});

test("aliases that would explode are refused", () => {
  const level = (name: string, below: string): string =>
    `${name}: &${name} [${Array.from({ length: 9 }, () => below).join(", ")}]\n`;
  const bomb =
    level("a", "1") +
    level("b", "*a") +
    level("c", "*b") +
    level("d", "*c") +
    level("e", "*d") +
    level("f", "*e");
  assert.equal(words(bomb), ["1:1 too many aliases (*name) in this file (write out the values)"]);
});

test("yes, no, on and off are strings, as in YAML 1.2", () => {
  assert.match(words("version: 1\ntasks: { a: { interactive: yes } }")[0] ?? "", /found "yes"/);
});

test("keys such as __proto__ and constructor are ordinary keys", () => {
  assert.match(words("version: 1\n__proto__: { tasks: {} }")[0] ?? "", /unknown key "__proto__"/);
  assert.ok(
    parseDocument({ path: "x.yaml", text: "version: 1\ntasks: { constructor: {} }" }, tasksSchema).ok,
  );
});

test("a number or boolean that would not stay as written is refused where text is meant, with how to quote it", () => {
  for (const text of [
    "007",
    "1.10",
    "0x10",
    "0o17",
    "1e3",
    "1.0",
    "+1",
    "-0",
    ".5",
    "12345678901234567890",
    "True",
  ])
    for (const at of ["vars: { a: X }", "tasks: { a: { env: { A: X } } }", "vars: { b: &b X, a: *b }"]) {
      const [problem = ""] = words(`version: 1\n${at.replace("X", text)}`);
      assert.ok(problem.includes(`${text} without quotes is the `), problem);
      assert.ok(problem.endsWith(`(quote it: "${text}")`), problem);
    }
  for (const text of ["7", "-5", "1.5", "0", "true", '"007"', "'1.10'", "1_000", "1.2.3", "~"]) {
    const given = `version: 1\nvars: { a: ${text} }\ntasks: { a: { timeout: 1.50 } }`;
    assert.ok(parseDocument({ path: "x.yaml", text: given }, tasksSchema).ok, text);
  }
});

test("a number where only text is allowed is shown as written, with how to quote it", () => {
  assert.equal(words("version: 1\ntasks: { a: { desc: 1.10, cmds: [[echo, 010]] } }"), [
    '2:21 expected a string, found the number 1.10 (quote it: "1.10")',
    '2:41 expected a string, found the number 010 (quote it: "010")',
  ]);
});

test.run();
