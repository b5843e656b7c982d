import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv } from "ajv";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { packageRoot } from "../../lib/host/package-root.js";
import { newFolder } from "../rig/folder.js";
import { fine, Host } from "../rig/host.js";
import { madeRequest, RequestSession } from "../rig/request-session.js";

// What programs in the container ask for, listed and answered by command lines. The sessions are in this process.

const schema = JSON.parse(
  readFileSync(join(packageRoot, "schema", "requests-list.schema.json"), "utf8"),
) as object;
const validate = new Ajv({ allErrors: true, strict: true, strictRequired: false }).compile(schema);

// oxlint-disable-next-line no-control-regex
const unseen = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/;
const hostile = "\u001b[2J\u001b]0;owned\u0007\u202e\u200b\u009b1m\nRequest zzzz";

/** A host whose project would have to be trusted to run: its recipe is its own. */
async function untrustedHost(): Promise<Host> {
  const host = await Host.make({ remote: "none" });
  await writeFile(
    host.path("tazpod.tasks.yaml"),
    'version: 1\ntasks: { x: { new: true, cmds: [["false"]] } }\n',
  );
  host.env["XDG_CONFIG_HOME"] = await newFolder("config");
  return host;
}

test("a request is printed with all that would happen, one argument on each line, and the reason marked", async () => {
  const host = await untrustedHost();
  const changed = new Date(Date.now() - 3 * 60_000).toISOString();
  const session = await RequestSession.open(
    host.folder,
    madeRequest(
      "k7p2",
      {
        ...{ argv: ["sh", "-c", "echo a b\ndone"], folder: "/workspace/x", write: true },
        ...{ variables: [{ name: "TOKEN", path: "prod/key" }], variableFiles: ["prod/.env"] },
        why: "first\nsecond",
      },
      {
        files: [
          { path: "go.sh", type: "file", bytes: 1536, modified: changed },
          { path: "conf", type: "directory", bytes: 0, modified: changed },
          { path: "ln", type: "link", bytes: 3, modified: changed, target: "/etc" },
        ],
        openInShell: ["prod"],
      },
    ),
  );
  const { stdout } = fine(await host.tazpod("requests"));
  for (const line of [
    /^Request k7p2: expires in 1[34] min \d+ s$/m,
    /^Parts {6}prod\n +open in the shell too, where programs can read them anyway: prod$/m,
    /^ {2}1 {2}"sh"\n {2}2 {2}"-c"\n {2}3 {2}"echo a b\\ndone"$/m,
    /^Folder +"\/workspace\/x"$/m,
    /^Variables +TOKEN with the content of "prod\/key" in the vault\n +those in "prod\/.env" of the vault$/m,
    /^Changes +to the project are BROUGHT BACK \(--write\)$/m,
    /^Files +"go.sh", 1.5 KiB, changed 3 min ago$/m,
    /^ +"conf", a folder with 0 B, last changed 3 min ago\n +"ln", a link to "\/etc", changed 3 min ago$/m,
    /^Asked +No rule matches\.$/m,
    /^From +node agent.js \(process 321\), as the container reports$/m,
    /^The reason, in the program's own words:\n {2}\| first\n {2}\| second$/m,
  ])
    assert.match(stdout, line);
  await session.end();
});

test("--json prints every request exactly, by its schema; no hostile text controls the terminal or forges a line", async () => {
  const host = await untrustedHost();
  const long = "x".repeat(100_000);
  const one = madeRequest("aaaa", {
    ...{ parts: ["prod"], argv: [hostile, long], folder: `/workspace/${hostile}`, why: hostile },
    ...{ variables: [{ name: "A", path: hostile }], variableFiles: [hostile] },
  });
  const files = [{ path: hostile, type: "link", bytes: 1, modified: one.received, target: hostile }] as const;
  const session = await RequestSession.open(host.folder, { ...one, asker: hostile, files });
  const json = fine(await host.tazpod("requests", "--json"));
  const data = JSON.parse(json.stdout) as { requests: unknown };
  assert.ok(validate(data), JSON.stringify(validate.errors));
  assert.equal(data.requests, JSON.parse(JSON.stringify(session.requests)));
  assert.not.match(json.stdout.trimEnd(), unseen);
  for (const args of [["requests"], ["requests", "--policy"], ["approve", "aaaa"]]) {
    const { stdout } = fine(await host.tazpod(...args));
    assert.not.match(stdout, unseen);
    assert.not.match(stdout, /^\s*Request zzzz/m);
    if (args.length === 1) assert.match(stdout, long);
  }
  await session.end();
});

test("--policy prints the rules, and which one decided about each request; with --json as data", async () => {
  const host = await untrustedHost();
  const folder = join(host.env["XDG_CONFIG_HOME"] ?? "", "tazpod");
  await mkdir(folder);
  const rules = "rules:\n  - { decision: ask, prefix: [kubectl] }\n";
  await writeFile(join(folder, "requests.yaml"), rules, { mode: 0o600 });
  const ruling = { decision: "ask", why: "A rule asks.", offline: false, withoutProject: false } as const;
  const session = await RequestSession.open(host.folder, madeRequest("k7p2", {}, { ruling }));
  const { stdout } = fine(await host.tazpod("requests", "--policy"));
  assert.match(stdout, /^Your rules:\n {2}ask kubectl … \(.*requests\.yaml:2\)$/m);
  assert.match(
    stdout,
    /^k7p2 {2}waiting {2}1 min ago {2}prod {2}kubectl rollout .*\n {2}ask: A rule asks\.$/m,
  );
  const data = JSON.parse((await host.tazpod("requests", "--policy", "--json")).stdout) as {
    readonly policy: { readonly rules: readonly object[] };
  };
  assert.ok(validate(data), JSON.stringify(validate.errors));
  assert.is(data.policy.rules.length, 1);
  await session.end();
});

test("without a session, and without a request, the commands say so, and nothing is asked about trust", async () => {
  const host = await untrustedHost();
  assert.match(
    fine(await host.tazpod("requests")).stdout,
    /^No session of this project receives requests now\.$/m,
  );
  const approved = await host.tazpod("approve", "k7p2");
  assert.is(approved.code, 3);
  assert.match(approved.stderr, /^No session of this project receives requests\.\n.*`tazpod run enter`/);
  const session = await RequestSession.open(host.folder);
  assert.is(fine(await host.tazpod("requests")).stdout, "No request waits.\n");
  assert.match((await host.tazpod("deny", "k7p2")).stderr, /^There is no request "k7p2": none waits\./);
  assert.equal(JSON.parse((await host.tazpod("requests", "--json")).stdout), { version: 1, requests: [] });
  await session.end();
  const empty = await Host.make(null);
  assert.is((await empty.tazpod("requests")).code, 3);
});

test("approve and deny give the answer that was named, and print what it was about", async () => {
  const host = await untrustedHost();
  const session = await RequestSession.open(host.folder);
  for (const [args, answer, words] of [
    [["approve", "k7p2"], { answer: "once" }, "allowed once"],
    [
      ["approve", "k7p2", "--minutes", "60"],
      { answer: "minutes", minutes: 60 },
      "allowed, and the same command with the same files for 60 min",
    ],
    [["deny", "k7p2"], { answer: "deny" }, "denied"],
    [["deny", "k7p2", "--always"], { answer: "never" }, "denied, and not asked again in this session"],
  ] as const) {
    session.requests = [madeRequest("h0st"), madeRequest("k7p2")];
    const { stdout } = fine(await host.tazpod(...args));
    assert.equal(session.answers.splice(0), [["k7p2", answer]]);
    const head = `✔ Request k7p2 ${words}: with the part prod, in "/workspace"\n`;
    assert.is(stdout, `${head}  1  "kubectl"\n  2  "rollout"\n  3  "restart"\n  4  "deploy/web"\n`);
  }
  await session.end();
});

test("an unknown id, a refused answer and wrong flags answer nothing", async () => {
  const host = await untrustedHost();
  const session = await RequestSession.open(host.folder, madeRequest("h0st"), madeRequest("k7p2"));
  const unknown = await host.tazpod("approve", "zzzz");
  assert.is(unknown.code, 2);
  assert.match(unknown.stderr, /^There is no request "zzzz"\.\n.*h0st, k7p2/);
  assert.match((await host.tazpod("approve", "k7p3")).stderr, /k7p2/);
  for (const minutes of ["0", "61", "1.5", "x", ""])
    assert.is((await host.tazpod("approve", "k7p2", "--minutes", minutes)).code, 2, minutes);
  assert.is((await host.tazpod("approve")).code, 2);
  assert.is((await host.tazpod("deny", "k7p2", "--minutes", "3")).code, 2);
  session.problem = "There is no request k7p2: it has expired.";
  const refused = await host.tazpod("approve", "k7p2");
  assert.is(refused.code, 3);
  assert.match(refused.stderr, /^There is no request k7p2: it has expired\./);
  assert.equal(session.answers, []);
  await session.end();
});

test("the ids are completed", async () => {
  const host = await Host.make({ remote: "none" });
  const session = await RequestSession.open(host.folder, madeRequest("h0st"), madeRequest("k7p2"));
  const { stdout } = fine(await host.tazpod("__complete", "approve", ""));
  assert.match(stdout, /^h0st\tkubectl rollout restart deploy\/web$/m);
  assert.match(stdout, /^k7p2\t/m);
  await session.end();
});

test.run();
