import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { appendFile, mkdir, readFile, realpath, rm, stat, truncate, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { unsafeCharacters } from "../../lib/host/printable.js";
import { appendAudit, type AuditEvent } from "../../lib/requests/audit-log.js";
import { auditFile, auditHead, verifyAudit } from "../../lib/vault/audit-chain.js";
import { changeState } from "../../lib/vault/vault-state.js";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, run } from "../rig/host.js";
import { failure, value } from "../rig/result.js";

const state = await newFolder("state");
process.env["XDG_STATE_HOME"] = state;
const sha256 = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Returns the vault folder of a new project. */
async function newProject(): Promise<string> {
  const root = await realpath(await newFolder("project"));
  await mkdir(join(root, ".tazpod"));
  await writeFile(join(root, ".tazpod", "config.yaml"), "remote: none\n");
  return join(root, ".tazpod", "vault");
}

const refused: AuditEvent = { event: "refused", why: "flood", count: 3 };
const request: AuditEvent = {
  ...{ event: "request", id: "ab12", asker: "node agent.js (process 3)", files: sha256("") },
  ...{ parts: ["prod"], argv: ["kubectl", "get", "two words\u202e\u001b[31m"], folder: "/workspace" },
  ...{ why: "see", write: false, variables: [], variableFiles: [] },
};
const events: readonly AuditEvent[] = [
  { event: "listening", session: 7 },
  request,
  { event: "answer", id: "ab12", answer: "once", by: "rule", why: "allow kubectl get … (requests.yaml:2)" },
  { event: "start", id: "ab12" },
  { event: "end", id: "ab12", code: 0, ms: 1200, bytes: 64 },
  refused,
  { event: "stopped", session: 7 },
];

async function withLog(entries: readonly AuditEvent[] = events): Promise<string> {
  const folder = await newProject();
  for (const entry of entries) value(await appendAudit(folder, entry));
  return folder;
}

async function lines(folder: string): Promise<readonly string[]> {
  return (await readFile(auditFile(folder), "utf8")).split("\n").slice(0, -1);
}

function audit(folder: string, ...more: readonly string[]): Promise<Ended> {
  const env = { XDG_STATE_HOME: state };
  return run(process.execPath, [bin, "audit", ...more], { cwd: dirname(dirname(folder)), env });
}

test("each entry has a number, a time, the log and the hash of the line before", async () => {
  const folder = await withLog();
  assert.is((await stat(auditFile(folder))).mode & 0o777, 0o600);
  const all = await lines(folder);
  const read = all.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(
    read.map(({ n, event }) => [n, event]),
    events.map(({ event }, index) => [index + 1, event]),
  );
  assert.equal(
    read.map(({ prev }) => prev),
    ["0".repeat(64), ...all.slice(0, -1).map((line) => sha256(`${line}\n`))],
  );
  assert.is(new Set(read.map(({ log }) => log)).size, 1);
  const { n: _, time: __, log, prev: ___, ...kept } = read[1] ?? {};
  assert.equal(kept, request);
  assert.not.match(all[1] ?? "", unsafeCharacters);
  const head = { log, host: hostname(), entries: 7, head: sha256(`${all[6]}\n`) };
  assert.equal(value(await auditHead(folder)), head);
  assert.equal(value(await verifyAudit(folder, [])), {
    ...{ head, broken: undefined, tornBytes: 0, missing: [] },
  });
});

test("processes that append at once wait for each other", async () => {
  const folder = await newProject();
  const script = `import { appendAudit } from ${JSON.stringify(new URL("../../lib/requests/audit-log.js", import.meta.url).href)};
for (let i = 0; i < 10; i++) await appendAudit(${JSON.stringify(folder)}, { event: "start", id: "x" });`;
  const children = [1, 2, 3].map(() =>
    spawn(process.execPath, ["--input-type=module", "-e", script], { env: { ...process.env } }),
  );
  await Promise.all(children.map((child) => once(child, "exit")));
  const { head, broken } = value(await verifyAudit(folder, []));
  assert.is(broken, undefined);
  assert.is(head?.entries, 30);
});

test("an interrupted entry is replaced by one that records it", async () => {
  for (const torn of ['{"n":8,"time', `{${"x".repeat(5000)}`]) {
    const folder = await withLog();
    await appendFile(auditFile(folder), torn);
    assert.is(value(await verifyAudit(folder, [])).tornBytes, torn.length);
    assert.match((await audit(folder)).stdout, `interrupted (${torn.length} bytes)`);
    value(await appendAudit(folder, refused));
    const all = await lines(folder);
    const [repaired, last] = all.slice(-2).map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(
      [repaired?.["n"], repaired?.["event"], repaired?.["bytes"], repaired?.["sha256"]],
      [8, "repaired", torn.length, sha256(torn)],
    );
    assert.equal([last?.["n"], last?.["event"]], [9, "refused"]);
    const { broken, tornBytes } = value(await verifyAudit(folder, []));
    assert.equal([broken, tornBytes], [undefined, 0]);
  }
  const folder = await newProject();
  value(await appendAudit(folder, refused));
  await writeFile(auditFile(folder), "{");
  value(await appendAudit(folder, refused));
  assert.is((await lines(folder)).length, 2);
});

test("a log whose last line is no entry, or far too long, is not continued", async () => {
  for (const text of ["garbage\n", `${"x".repeat(3 * 1024 * 1024)}\n`]) {
    const folder = await withLog();
    await appendFile(auditFile(folder), text);
    const before = await readFile(auditFile(folder));
    failure(await appendAudit(folder, refused), "file");
    assert.equal(await readFile(auditFile(folder)), before);
    assert.is((await audit(folder)).code, 3);
  }
});

test("an entry that was changed, removed, moved or added is found", async () => {
  const edit = async (change: (all: readonly string[]) => readonly string[]): Promise<number | undefined> => {
    const folder = await withLog();
    await writeFile(
      auditFile(folder),
      change(await lines(folder))
        .map((line) => `${line}\n`)
        .join(""),
    );
    const done = await audit(folder);
    assert.is(done.code, 3, done.stdout);
    const { broken } = value(await verifyAudit(folder, []));
    assert.match(done.stdout, `not intact: line ${broken?.line} `);
    return broken?.line;
  };
  assert.is(await edit((all) => all.map((line) => line.replace('"once"', '"deny"'))), 4);
  assert.is(await edit((all) => all.toSpliced(2, 1)), 3);
  assert.is(await edit((all) => all.slice(1)), 1);
  assert.is(await edit((all) => [...all.slice(0, 2), all[3] ?? "", all[2] ?? "", ...all.slice(4)]), 3);
  assert.is(await edit((all) => all.toSpliced(3, 0, "null")), 4);
  const other = await lines(await withLog());
  assert.is(await edit((all) => [...all.slice(0, 3), ...other.slice(3)]), 4);
});

test("a log that was cut, rewritten or removed since the last save is found", async () => {
  const saved = async (): Promise<string> => {
    const folder = await withLog();
    const head = value(await auditHead(folder));
    assert.ok(head);
    value(await changeState(folder, (now) => ({ ...now, audit: [{ ...head, own: true }] })));
    return folder;
  };
  const whole = await saved();
  value(await appendAudit(whole, refused));
  const good = await audit(whole);
  assert.is(good.code, 0, good.stdout);
  assert.match(good.stdout, /\n✔ Audit log intact: 8 entries, recorded in the vault up to entry 7\n$/);

  const cut = await saved();
  const all = await lines(cut);
  await truncate(auditFile(cut), Buffer.byteLength(all.slice(0, 5).join("\n")) + 1);
  const shorter = await audit(cut);
  assert.is(shorter.code, 3);
  assert.match(shorter.stdout, "has 5 entries, but had 7");
  for (let more = 0; more < 3; more++) value(await appendAudit(cut, refused));
  const rewritten = await audit(cut);
  assert.is(rewritten.code, 3);
  assert.match(rewritten.stdout, "Entry 7 or one before it is not what it was");

  const gone = await saved();
  await rm(auditFile(gone));
  assert.is((await audit(gone)).code, 3);
  value(await appendAudit(gone, refused));
  assert.match((await audit(gone)).stdout, /The log [0-9a-f-]+, which had 7 entries, is gone\./);
});

test("the command shows the newest entries cleaned, all with --all, and exports the lines as they are", async () => {
  const folder = await withLog([...Array.from({ length: 20 }, () => refused), ...events]);
  const { stdout, code } = await audit(folder);
  assert.is(code, 0);
  const shown = stdout.trimEnd().split("\n");
  assert.is(shown.length, 21);
  assert.match(shown[0] ?? "", /^ {4}8 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}refused {10}3, flood$/);
  assert.match(
    stdout,
    /request {4}ab12 {2}prod: kubectl get "two words\ufffd\\u001b\[31m", "see", by node agent\.js/,
  );
  assert.match(stdout, "answer     ab12  once, by rule, allow kubectl get … (requests.yaml:2)");
  assert.match(stdout, "end        ab12  exit code 0, 1200 ms, 64 bytes of output");
  assert.is((await audit(folder, "--all")).stdout.trimEnd().split("\n").length, 28);
  const exported = await audit(folder, "--json");
  assert.is(exported.stdout, await readFile(auditFile(folder), "utf8"));
  assert.match(exported.stderr, "✔ Audit log intact: 27 entries, no save has recorded it yet");
  const none = await audit(await newProject());
  assert.equal([none.code, none.stdout], [0, "There is no audit log of this project on this host.\n"]);
});

test.run();
