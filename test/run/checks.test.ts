import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Host, removeHosts, text } from "../rig/host.js";

test.after(removeHosts);

async function hostWith(recipe: string, steps?: string): Promise<Host> {
  const host = await Host.make({ remote: "none" });
  await writeFile(host.path("tazpod.tasks.yaml"), `version: 1\n${recipe}`);
  if (steps !== undefined) await writeFile(host.path("steps.mjs"), steps);
  return host;
}

/** A module with a check that answers this state until the file exists, and cannot tell afterwards. */
const untilExists = (
  check: string,
  file: string,
  state: string,
): string => `import { existsSync } from "node:fs";
export const checks = { ${check}: async ({ project }) => {
  if (existsSync(project.root + "/${file}")) throw new Error("cannot tell");
  return { state: "${state}", reason: "early" };
} };\n`;

/** The states of these facts, each with a check as YAML. */
async function statesOf(host: Host, names: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const done = await host.tazpod("status", "--json");
  const { facts } = JSON.parse(done.stdout) as { facts: Record<string, { state: string }> };
  return Object.fromEntries(names.map((name) => [name, facts[name]?.state ?? "none"]));
}

test("what cannot be told stays unknown in its opposite, and in a combination that the other parts do not decide", async () => {
  const unknown = "{ exists: '{{env.NOT_SET}}' }";
  const [yes, no] = ["{ exists: . }", "{ exists: nowhere }"];
  const checks = {
    lost: [unknown, "unknown"],
    opposite: [`{ not: ${unknown} }`, "unknown"],
    "all-open": [`{ all: [${unknown}, ${yes}] }`, "unknown"],
    "all-decided": [`{ all: [${unknown}, ${no}] }`, "false"],
    "any-open": [`{ any: [${unknown}, ${no}] }`, "unknown"],
    "any-decided": [`{ any: [${unknown}, ${yes}] }`, "true"],
  };
  const facts = Object.entries(checks).map(
    ([name, [check]]) => `  ${name}: { new: true, check: ${check} }\n`,
  );
  const host = await hostWith(`facts:\n${facts.join("")}`);
  assert.equal(
    await statesOf(host, Object.keys(checks)),
    Object.fromEntries(Object.entries(checks).map(([name, [, state]]) => [name, state])),
  );
});

test("the exit code of a command decides, and a program that is not installed does not hold", async () => {
  const host = await hostWith(`facts:
  good: { new: true, check: { command: ["true"] } }
  bad: { new: true, check: { command: [sh, -c, "exit 3"] } }
  missing: { new: true, check: { command: [no-such-program] } }
`);
  const expected = { good: "true", bad: "false", missing: "false" };
  assert.equal(await statesOf(host, Object.keys(expected)), expected);
});

test("a script without the check that a fact names leaves it unknown", async () => {
  const host = await hostWith(
    "facts: { ready: { new: true, check: { script: ./steps.mjs } } }\n",
    "export const checks = {};\nexport async function run() {}\n",
  );
  assert.match((await host.tazpod("status")).stdout, /ready .*exports no check named ready/);
});

test("a precondition that cannot be told any more when the step is due fails, unless it may be unknown", async () => {
  for (const [more, code, log] of [
    ["", 3, "a"],
    [", on_unknown: pass", 0, "a work"],
  ] as const) {
    const host = await hostWith(
      `
facts: { a: { new: true, check: { exists: log } } }
tasks:
  make-a: { new: true, provides: [a], cmds: [[sh, -c, "echo a > log"]] }
  work:
    new: true
    needs: [a]
    preconditions: [{ check: { script: ./steps.mjs }, msg: no${more} }]
    cmds: [[sh, -c, "echo work >> log"]]
`,
      untilExists("work", "log", "true"),
    );
    const done = await host.tazpod("run", "work");
    assert.is(done.code, code, done.stderr);
    assert.is((await text(host.path("log"))).trim().replaceAll("\n", " "), log);
    if (code === 3) assert.match(done.stderr, "cannot tell");
  }
});

test("a step fails if its fact is unknown afterwards, whether it provides the fact or clears it", async () => {
  for (const effect of ["provides", "clears"]) {
    const host = await hostWith(
      `
facts: { up: { new: true, check: { script: ./steps.mjs } } }
tasks: { work: { new: true, ${effect}: [up], cmds: [[touch, done]] } }
`,
      untilExists("up", "done", String(effect === "clears")),
    );
    const done = await host.tazpod("run", "work");
    assert.is(done.code, 3, done.stderr);
    assert.match(done.stderr, /Could not tell whether up holds: .*cannot tell/);
  }
});

test.run();
