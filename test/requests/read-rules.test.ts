import { chmod, chown, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { failureText } from "../../lib/failure/explain.js";
import { loadProject } from "../../lib/project/load-project.js";
import { formatRules, type ReadRules, readRules, rulesJson } from "../../lib/requests/read-rules.js";
import { trustedSettings } from "../../lib/trust/trusted-content.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";
import { repository } from "../rig/root.js";

const time = new Date("2026-06-01T12:00:00Z");
const home = await newFolder("settings");
process.env["XDG_CONFIG_HOME"] = home;
const file = join(home, "tazpod", "requests.yaml");

async function write(text: string): Promise<void> {
  await rm(join(home, "tazpod"), { recursive: true, force: true });
  await mkdir(join(home, "tazpod"), { mode: 0o700 });
  await writeFile(file, text, { mode: 0o600 });
}

async function projectWith(config: string): Promise<string> {
  const folder = await newFolder("project");
  await mkdir(join(folder, ".tazpod"));
  await writeFile(join(folder, ".tazpod", "config.yaml"), config);
  return folder;
}

async function readIn(folder: string): Promise<ReadRules> {
  return readRules(value(await loadProject(folder)));
}

const proposal = `parts: { prod: prod }
request_rules:
  - { decision: allow, command: [make, deploy], part: prod }
  - { decision: deny, prefix: [kubectl, delete] }
`;
const root = await projectWith(proposal);

test("the user's rules are read with their lines, those of other projects are left out", async () => {
  await write(`rules:
  - decision: allow
    prefix: [kubectl, get]
    until: 2026-07-01T00:00:00Z
  - { decision: deny, prefix: [a], project: ${root} }
  - { decision: deny, prefix: [b], project: /other }
  - { decision: ask, command: [old, "two words"], network: none, until: 2026-05-01T00:00:00Z }
`);
  const read = await readIn(root);
  assert.equal(read.problems, []);
  assert.equal(
    read.rules.map(({ place }) => place),
    [
      `${file}:2`,
      `${file}:5`,
      `${file}:7`,
      "rule 1 of the project's request_rules",
      "rule 2 of the project's request_rules",
    ],
  );
  assert.equal(formatRules(read, time), [
    "Your rules:",
    `  allow kubectl get …, until 2026-07-01T00:00:00Z (${file}:2)`,
    `  deny a … (${file}:5)`,
    "Rules of this project:",
    "  allow make deploy, with the part prod (rule 1 of the project's request_rules)",
    "  deny kubectl delete … (rule 2 of the project's request_rules)",
    "Without effect:",
    `  ask old "two words", without network, ended 2026-05-01T00:00:00Z (${file}:7)`,
    "deny comes before ask, and ask before allow. What no rule matches is asked.",
  ]);
  const { rules } = rulesJson(read, time) as { readonly rules: readonly { readonly ended: boolean }[] };
  assert.equal(
    rules.map(({ ended }) => ended),
    [false, false, true, false, false],
  );
});

test("no file, an empty one and a linked one of the user are fine", async () => {
  await rm(join(home, "tazpod"), { recursive: true, force: true });
  const bare = await projectWith("");
  assert.equal(await readIn(bare), { rules: [], problems: [] });
  assert.match(formatRules(await readIn(bare), time).join("\n"), `Yours belong in ${file}.`);
  await write("# nothing yet\n");
  assert.equal(await readIn(bare), { rules: [], problems: [] });
  const elsewhere = await newFolder("dotfiles");
  await writeFile(join(elsewhere, "mine"), "rules: [{ decision: allow, command: [ls] }]\n", { mode: 0o600 });
  await rm(file);
  await symlink(join(elsewhere, "mine"), file);
  assert.is((await readIn(bare)).rules.length, 1);
});

test("with a file that cannot be used nothing is allowed, and the problem has its place", async () => {
  const refused = async (words: RegExp): Promise<void> => {
    const { rules, problems } = await readIn(root);
    assert.equal(
      rules.map(({ decision }) => decision),
      ["deny"],
    );
    assert.match(problems.map(failureText).join("\n"), words);
    assert.match(formatRules({ rules, problems }, time).join("\n"), "nothing is allowed without asking");
  };
  const good = "rules: [{ decision: allow, command: [ls] }]\n";
  for (const [text, words] of [
    ["rules: [\n", /requests\.yaml:/],
    ["[]\n", /expected a map/],
    [
      "rules:\n  - { decision: allow, comand: [ls] }\n",
      /requests\.yaml:2:24: unknown key "comand"[^]*did you mean "command"/,
    ],
    ["rules:\n  - { decision: allow }\n", /:2:5: expected a map with decision, and either command or prefix/],
    ["rules: [{ decision: allow, command: [a], prefix: [a] }]\n", /cannot be combined/],
    ["rules: [{ decision: allow, command: [] }]\n", /found an empty list/],
    ["rules: [{ decision: allow, command: ls }]\n", /a list of words/],
    ["rules: [{ decision: allow, command: [sleep, 1] }]\n", /found the number 1/],
    ["rules: [{ decision: yes, command: [ls] }]\n", /expected "allow" or "ask" or "deny"/],
    ["rules: [{ decision: ask, command: [ls], until: 2026-01-01 }]\n", /expected a time with its zone/],
    ["rules: [{ decision: ask, command: [ls], until: 2026-13-01T00:00:00Z }]\n", /no time that exists/],
    ["rules: [{ decision: allow, command: [ls], write: true }]\n", /needs `files: any`/],
    [
      "rules: [{ decision: deny, command: [ls], write: true }]\n",
      /"write" has no effect with `decision: deny`/,
    ],
    ['rules: [{ decision: allow, prefix: ["*"] }]\n', /must name the program/],
    [`# ${"x".repeat(1024 * 1024)}\n`, /larger than 1 MiB/],
  ] as const) {
    await write(text);
    await refused(words);
  }
  await write(good);
  await chmod(file, 0o620);
  await refused(/other users may change it; run: chmod go-w/);
  await write(good);
  await chmod(join(home, "tazpod"), 0o777);
  await refused(/other users may change its folder/);
  await write(good);
  await rm(file);
  await mkdir(file);
  await refused(/it is not a regular file/);
  await write(good);
  await rm(file);
  await symlink("gone", file);
  await refused(/no such file/);
  if (process.getuid?.() !== 0) return;
  await write(good);
  await chown(file, 1234, 1234);
  await refused(/belongs to user 1234, not to you/);
});

test("the rules that a project proposes are checked, and need trust like every other setting", async () => {
  const setting = (await trustedSettings(value(await loadProject(root)))).find(
    ({ name }) => name === "request_rules",
  );
  assert.equal(JSON.parse(setting?.value ?? ""), [
    { decision: "allow", command: ["make", "deploy"], part: "prod" },
    { decision: "deny", prefix: ["kubectl", "delete"] },
  ]);
  const asks = await projectWith("session: { requests: ask }\n");
  const names = (await trustedSettings(value(await loadProject(asks)))).map(({ name }) => name);
  assert.equal(names, ["session"]);
  assert.is(value(await loadProject(asks)).config.session.requests, "ask");
  assert.is(value(await loadProject(root)).config.session.requests, undefined);
  for (const [config, words] of [
    ["request_rules: [{ decision: allow, command: [ls], part: prd }]\n", /there is no part "prd"/],
    ["request_rules: [{ decision: allow, command: [ls], project: /x }]\n", /unknown key "project"/],
    ['request_rules: [{ decision: allow, command: ["*"] }]\n', /must name the program/],
  ] as const)
    assert.match(
      failureText(failure(await loadProject(await projectWith(config)), "invalid-document")),
      words,
    );
});

test("rules in both files have the same keys, and the user's may name a project", async () => {
  const definition = async (name: string): Promise<Record<string, object>> => {
    const text = await readFile(join(repository, `schema/${name}.schema.json`), "utf8");
    const { definitions } = JSON.parse(text) as { definitions: Record<string, Record<string, object>> };
    return { ...definitions["requestRule"], words: definitions["requestWords"] ?? {} };
  };
  const [own, proposed] = [await definition("requests"), await definition("config")];
  const { project, ...properties } = own["properties"] as Record<string, object>;
  assert.ok(project);
  assert.equal({ ...own, properties }, proposed);
});

test.run();
