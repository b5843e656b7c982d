import { readFile, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { Secret } from "../../lib/host/secret.js";
import { appendAudit } from "../../lib/requests/audit-log.js";
import { auditFile, auditHead } from "../../lib/vault/audit-chain.js";
import { type AuditHead, joinHeads, parseHeads, withoutOwn } from "../../lib/vault/audit-heads.js";
import { manifestBytes, parseManifest } from "../../lib/vault/archive/manifest.js";
import { noTarWarnings } from "../../lib/vault/archive/tar-warnings.js";
import { listVault } from "../../lib/vault/inspect-vault.js";
import { mergeInto } from "../../lib/vault/merge-into.js";
import { reseal } from "../../lib/vault/reseal.js";
import { recordNewest } from "../../lib/vault/rollback-check.js";
import { type SealedVault, sealInto } from "../../lib/vault/seal-into.js";
import { readState } from "../../lib/vault/vault-state.js";
import { ok } from "../../lib/failure/result.js";
import { newFolder } from "../rig/folder.js";
import { rawTar } from "../rig/hostile-tar.js";
import { value } from "../rig/result.js";

// Where the audit logs of hosts stand travels in the manifest, through the state of each host.

const passphrase = Secret.fromText("correct horse battery");
const hosts = { one: await newFolder("one"), two: await newFolder("two") };

/** Continues on a host, which has its own state. */
function on(host: keyof typeof hosts): void {
  process.env["XDG_STATE_HOME"] = hosts[host];
}

let generation = 0;
async function seal(folder: string): Promise<SealedVault> {
  generation += 1;
  const content = String(generation);
  return value(
    await sealInto({
      ...{ folder, passphrase, format: "age", limitBytes: 1024 * 1024 },
      source: () => ({
        tar: Readable.from([rawTar([{ name: "key", mode: 0o600, content }])]),
        done: Promise.resolve(ok(noTarWarnings)),
      }),
      from: { generation },
    }),
  );
}

async function sealedHeads(path: string): Promise<readonly AuditHead[] | undefined> {
  return value(await listVault(path, passphrase)).manifest?.audit;
}

async function append(folder: string, count = 1): Promise<AuditHead> {
  for (let i = 0; i < count; i++)
    value(await appendAudit(folder, { event: "refused", why: "flood", count: i }));
  const head = value(await auditHead(folder));
  if (head === undefined) throw new Error("there is no log");
  return head;
}

test("a save seals where the log stands, and other hosts carry it on next to their own", async () => {
  const [here, there] = [await newFolder(), await newFolder()];
  on("one");
  assert.is(await sealedHeads((await seal(here)).path), undefined);
  const first = await append(here, 3);
  const { path } = await seal(here);
  assert.equal(await sealedHeads(path), [first]);
  assert.equal(value(await readState(here)).state.audit, [{ ...first, own: true }]);

  on("two");
  const { manifest, ...opened } = value(await listVault(path, passphrase));
  assert.ok(manifest);
  value(await recordNewest(there, { sha256: "a".repeat(64), content: "", manifest, ...opened }));
  assert.equal(value(await readState(there)).state.audit, [first]);
  const second = await append(there);
  const next = await seal(there);
  assert.equal(await sealedHeads(next.path), [second, first]);
  const other = Secret.fromText("another passphrase");
  value(await reseal({ path: next.path, from: passphrase, to: other }));
  assert.equal(value(await listVault(next.path, other)).manifest?.audit, [second, first]);
});

test("a log that was cut, rewritten or damaged does not replace what was recorded of it", async () => {
  on("one");
  const folder = await newFolder();
  const head = await append(folder, 4);
  await seal(folder);
  const whole = await readFile(auditFile(folder), "utf8");
  const lines = whole.split(/(?<=\n)/);
  await writeFile(auditFile(folder), lines.slice(0, 2).join(""));
  assert.equal(await sealedHeads((await seal(folder)).path), [head]);
  await append(folder, 5);
  assert.equal(await sealedHeads((await seal(folder)).path), [head]);
  await writeFile(auditFile(folder), `${whole}garbage\n`);
  assert.equal(await sealedHeads((await seal(folder)).path), [head]);
  await writeFile(auditFile(folder), whole);
  const next = await append(folder);
  assert.equal(await sealedHeads((await seal(folder)).path), [next]);
  assert.is(next.entries, 5);
});

test("a merged vault has the heads of both", async () => {
  on("one");
  const [ours, theirs] = [await newFolder(), await newFolder()];
  const heads = [await append(ours, 2), await append(theirs)];
  const paths = [(await seal(ours)).path, (await seal(theirs)).path];
  const [here = "", there = ""] = paths;
  value(
    await mergeInto({
      ours: { path: here, passphrase },
      theirs: { path: there, passphrase },
      ...{ folder: ours, limitBytes: 1024 * 1024 },
    }),
  );
  const sealed = await sealedHeads(here);
  assert.equal(sealed?.map(({ log }) => log).toSorted(), heads.map(({ log }) => log).toSorted());
});

function made(number: number, entries = 1, head = "a"): AuditHead {
  const log = `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
  return { log, host: "host", entries, head: head.repeat(64) };
}

test("of each log the head with most entries is kept, and at most 100 logs, those that changed last", () => {
  const known = Array.from({ length: 100 }, (_, index) => made(index));
  assert.is(joinHeads(known, [made(3), made(4, 1, "b")]), known);
  const joined = joinHeads(known, [made(50, 2, "b"), made(200)]);
  assert.equal(joined.slice(0, 3), [made(50, 2, "b"), made(200), made(0)]);
  assert.is(joined.length, 100);
  assert.not.ok(joined.some(({ log }) => log === made(99).log));
  const own = { ...made(1), own: true } as const;
  assert.equal(joinHeads([own], [made(1, 2)]), [{ ...own, entries: 2 }]);
});

test("a manifest without heads, or with invalid ones, is valid, and has none", async () => {
  on("one");
  const { manifest } = value(await listVault((await seal(await newFolder())).path, passphrase));
  assert.ok(manifest);
  const again = (audit: unknown): unknown =>
    parseManifest(manifestBytes({ ...manifest, audit: audit as readonly AuditHead[] }))?.audit;
  const own = { ...made(1), own: true } as const;
  assert.equal(again([own, made(2)]), [withoutOwn(own), made(2)]);
  for (const audit of [
    undefined,
    [],
    {},
    [made(1), made(1)],
    [{ ...made(1), log: "../x" }],
    [{ ...made(1), entries: 0 }],
    [{ ...made(1), head: "a" }],
    [{ ...made(1), host: "x".repeat(300) }],
    Array.from({ length: 101 }, (_, index) => made(index)),
  ])
    assert.is(again(audit), undefined, JSON.stringify(audit)?.slice(0, 100));
  assert.equal(parseHeads([own]), [own]);
});

test.run();
