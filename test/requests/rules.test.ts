import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { RequestRule } from "../../lib/project/request-rule.js";
import type { RequestedCommand, Ruling } from "../../lib/requests/request.js";
import { decide, type Rule } from "../../lib/requests/rules.js";

const time = new Date("2026-06-01T12:00:00Z");

function rule(given: RequestRule, index = 0): Rule {
  return { ...given, from: "user", place: `requests.yaml:${index + 1}` };
}

function command(argv: readonly string[], more: Partial<RequestedCommand> = {}): RequestedCommand {
  return {
    ...{ parts: ["prod"], argv, folder: "/workspace", why: "", write: false },
    ...{ variables: [], variableFiles: [], ...more },
  };
}

function decision(
  rules: readonly RequestRule[],
  argv: readonly string[],
  more: Partial<RequestedCommand> = {},
): Ruling["decision"] {
  return decide(rules.map(rule), command(argv, more), time).decision;
}

const word = fc.constantFrom("kubectl", "get", "pods", "*", "", "get pods", "-n");
const words = fc.array(word, { minLength: 1, maxLength: 4 });
const parts = fc.subarray(["prod", "dev", "rest"]);
const anyRule = fc
  .record(
    {
      decision: fc.constantFrom("allow", "ask", "deny"),
      part: fc.constantFrom("prod", "dev"),
      files: fc.constant("any"),
      write: fc.boolean(),
      network: fc.constant("none"),
      until: fc.constantFrom("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
      env: fc.subarray(["KEY", "URL"]),
    } as const,
    { requiredKeys: ["decision"] },
  )
  .chain((made) =>
    fc
      .tuple(words, fc.boolean())
      .map(([list, whole]): RequestRule => ({ ...made, ...(whole ? { command: list } : { prefix: list }) })),
  );
const anyCommand = fc
  .record({ argv: words, parts, write: fc.boolean(), names: fc.subarray(["KEY", "URL"]) })
  .map(({ argv, names, ...more }) =>
    command(argv, { ...more, variables: names.map((name) => ({ name, path: "a" })) }),
  );
const manyRules = fc.array(anyRule, { maxLength: 6 }).map((list) => list.map(rule));

test("without a rule that matches, a person is asked", () => {
  assert.equal(decide([], command(["kubectl"]), time), {
    ...{ decision: "ask", why: "No rule matches.", offline: false, withoutProject: false },
  });
});

test("a command matches as a whole, a prefix at its beginning, and * is exactly one argument", () => {
  const whole: RequestRule = { decision: "allow", command: ["kubectl", "get", "*"] };
  assert.is(decision([whole], ["kubectl", "get", "pods"]), "allow");
  assert.is(decision([whole], ["kubectl", "get", ""]), "allow");
  for (const argv of [
    ["kubectl", "get"],
    ["kubectl", "get", "a", "b"],
    ["kubectl", "get pods"],
    ["kubectl get", "a"],
  ])
    assert.is(decision([whole], argv), "ask", argv.join("|"));
  const prefix: RequestRule = { decision: "allow", prefix: ["kubectl", "*", "web"] };
  assert.is(decision([prefix], ["kubectl", "get", "web"]), "allow");
  assert.is(decision([prefix], ["kubectl", "get", "web", "-o", "json"]), "allow");
  assert.is(decision([prefix], ["kubectl", "get"]), "ask");
  assert.is(decision([prefix], ["kubectl", "web"]), "ask");
});

test("a longer or shorter list never matches a command, and a joined word never matches two", () => {
  fc.assert(
    fc.property(words, words, (list, more) => {
      const rules = [{ decision: "allow", command: list } as const];
      assert.is(decision(rules, [...list, ...more]), "ask");
      assert.is(decision(rules, list.slice(0, -1)), "ask");
      const plain = list.map((one) => (one === "*" ? "x" : one));
      if (plain.length < 2) return;
      for (const kind of ["command", "prefix"] as const)
        assert.is(decision([{ decision: "allow", [kind]: plain }], [plain.join(" ")]), "ask");
    }),
  );
});

test("one rule that denies wins, and after it one that asks, whatever the order", () => {
  fc.assert(
    fc.property(manyRules, anyCommand, (rules, given) => {
      const ruling = decide(rules, given, time);
      const { decision, offline, withoutProject } = ruling;
      const turned = decide(rules.toReversed(), given, time);
      assert.equal(
        { decision, offline, withoutProject },
        {
          ...{ decision: turned.decision, offline: turned.offline, withoutProject: turned.withoutProject },
        },
      );
      const deny = rule({ decision: "deny", prefix: ["*"] });
      assert.is(decide([...rules, deny], given, time).decision, "deny");
      const ask = rule({ decision: "ask", prefix: ["*"] });
      assert.is(decide([...rules, ask], given, time).decision, decision === "deny" ? "deny" : "ask");
    }),
  );
});

test("what is allowed, each requested part and variable and each change of the project is allowed by a rule", () => {
  fc.assert(
    fc.property(manyRules, anyCommand, (rules, given) => {
      const { decision, withoutProject } = decide(rules, given, time);
      if (decision !== "allow") return assert.not.ok(withoutProject);
      const allow = rules.filter((one) => one.decision === "allow" && one.until?.startsWith("2026") !== true);
      for (const part of given.parts)
        assert.ok(
          allow.some(
            (one) =>
              (one.part === undefined || one.part === part) &&
              (!given.write || one.write === true) &&
              (withoutProject || one.files === "any") &&
              given.variables.every(({ name }) => one.env?.includes(name)),
          ),
        );
      const closed = decide(rules, { ...given, variableFiles: ["prod/.env"] }, time);
      assert.is(closed.decision, "ask");
    }),
  );
});

test("a rule for a part covers that part only, and one that denies it is enough", () => {
  const both = { parts: ["prod", "dev"] };
  const prod: RequestRule = { decision: "allow", part: "prod", prefix: ["ls"] };
  const dev: RequestRule = { decision: "allow", part: "dev", prefix: ["ls"] };
  assert.is(decision([prod], ["ls"]), "allow");
  assert.is(decision([prod], ["ls"], both), "ask");
  assert.is(decision([prod], ["ls"], { parts: [] }), "ask");
  assert.is(decision([prod, dev], ["ls"], both), "allow");
  assert.is(decision([prod, dev, { ...dev, decision: "deny" }], ["ls"], both), "deny");
  assert.match(decide([rule(prod)], command(["ls"], both), time).why, "with the part dev.");
  assert.is(
    decide([rule(prod), rule(dev, 1)], command(["ls"], both), time).why,
    "allow ls …, with the part prod (requests.yaml:1); allow ls …, with the part dev (requests.yaml:2).",
  );
});

test("the project's files, its change and variables are allowed only by a rule that names them", () => {
  const plain: RequestRule = { decision: "allow", command: ["make"] };
  const full: RequestRule = { ...plain, files: "any", write: true, env: ["KEY"] };
  const variables = [{ name: "KEY", path: "prod/key" }];
  const withoutProject = (rules: readonly RequestRule[]): boolean =>
    decide(rules.map(rule), command(["make"]), time).withoutProject;
  assert.ok(withoutProject([plain]));
  assert.not.ok(withoutProject([plain, full]));
  assert.is(decision([plain], ["make"], { write: true }), "ask");
  assert.is(decision([plain], ["make"], { variables }), "ask");
  assert.is(decision([full], ["make"], { write: true, variables }), "allow");
  assert.is(decision([full], ["make"], { variables: [{ name: "PATH", path: "prod/key" }] }), "ask");
  assert.is(
    decide([rule(plain)], command(["make"], { write: true, variables }), time).why,
    "No rule allows this command with changes of the project and these variables.",
  );
});

test("network: none holds for each command that the rule's words match, whatever decides", () => {
  const rules = [
    rule({ decision: "allow", command: ["make"], network: "none" }),
    rule({ decision: "ask", part: "dev", prefix: ["make"] }),
  ];
  for (const more of [{}, { write: true }, { parts: ["prod", "dev"] }])
    assert.ok(decide(rules, command(["make"], more), time).offline);
  assert.not.ok(decide(rules, command(["make", "all"]), time).offline);
});

test("from its end on a rule has no effect", () => {
  const ends = (until: string): readonly RequestRule[] => [{ decision: "allow", command: ["ls"], until }];
  assert.is(decision(ends("2026-06-01T12:00:00.001Z"), ["ls"]), "allow");
  assert.is(decision(ends("2026-06-01T14:00:00+02:00"), ["ls"]), "ask");
  assert.is(decision(ends("never"), ["ls"]), "ask");
});

test.run();
