import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { projectState } from "../../lib/host/project-state.js";
import { Secret } from "../../lib/host/secret.js";
import type { Manifest } from "../../lib/vault/archive/manifest.js";
import { descent } from "../../lib/vault/lineage.js";
import { checkNotOlder, recordNewest } from "../../lib/vault/rollback-check.js";
import { sealInto } from "../../lib/vault/seal-into.js";
import {
  changeState,
  isKnownHere,
  type PendingRecord,
  type PushedRecord,
  readState,
  type VaultState,
  withPending,
  withPullCompleted,
  withPushed,
} from "../../lib/vault/vault-state.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";
import { repository } from "../rig/root.js";
import { tarOf } from "../rig/vault-of-files.js";

const execute = promisify(execFile);
const test = suite("state of a vault");
const [one, two, three] = ["1", "2", "3"].map((digit) => digit.repeat(64)) as [string, string, string];
const short = (sha256: string): string => sha256.slice(0, 12);
const synced = (sha256: string, more: Partial<PushedRecord> = {}): PushedRecord => ({
  ...{ remote: "file:///v", sha256, etag: sha256, at: "2026-01-01T00:00:00.000Z" },
  ...more,
});
const empty: VaultState = { version: 1 };

test("only bytes that this host has sealed, pulled or opened are known", () => {
  const sealed = { sha256: one, generation: 1, content: "c" };
  for (const state of [{ sealed }, { newest: sealed }, { pushed: synced(one) }, { arriving: synced(one) }]) {
    assert.ok(isKnownHere({ ...empty, ...state }, one), Object.keys(state)[0]);
    assert.not.ok(isKnownHere({ ...empty, ...state }, two), Object.keys(state)[0]);
  }
});

test("a pull counts once the local vault is what it brought, and not before", () => {
  const state: VaultState = { ...empty, pushed: synced(one), arriving: synced(two) };
  assert.is(withPullCompleted(state, two).pushed?.sha256, two);
  assert.equal(withPullCompleted(state, one), state);
  assert.equal(withPullCompleted(state, undefined), state);
});

test("after a push nothing is pending, and what was pushed is an ancestor, before its parents and earlier ones", () => {
  const arrival = { sha256: two, replaced: "v.bak-1", before: {}, descends: true };
  const pending = [{ remote: "file:///v", sha256: one, writeId: "w", generation: 1 }];
  const before: VaultState = { ...empty, pending, arrival, lineage: [short(three)] };
  const after = withPushed(before, synced(one, { parents: [short(two)] }));
  assert.is(after.pending, undefined);
  assert.equal(after.arrival, arrival);
  assert.equal(after.lineage, [short(one), short(two), short(three)]);
});

test("of many interrupted pushes the latest are remembered", () => {
  let state = empty;
  const push = (generation: number): PendingRecord => ({
    ...{ remote: "file:///v", sha256: one, writeId: String(generation), generation },
  });
  for (let generation = 1; generation <= 20; generation++) state = withPending(state, push(generation));
  assert.equal(
    state.pending?.map(({ generation }) => generation),
    [13, 14, 15, 16, 17, 18, 19, 20],
  );
});

test("no record is lost when several processes change the state at the same time", async () => {
  const folder = await newFolder();
  const [processes, each] = [3, 100];
  const changing = `import { changeState } from ${JSON.stringify(`${repository}dist/lib/vault/vault-state.js`)};
for (let round = 0; round < ${each}; round++)
  await changeState(process.argv[1], (state) => ({ ...state, sealed: { ...state.sealed, generation: state.sealed.generation + 1 } }));`;
  value(
    await changeState(folder, (state) => ({
      ...state,
      sealed: { sha256: one, generation: 0, content: "c" },
    })),
  );
  const argv = ["--input-type=module", "-e", changing, folder];
  await Promise.all(Array.from({ length: processes }, () => execute(process.execPath, argv)));
  assert.is(value(await readState(folder)).state.sealed?.generation, processes * each);
});

test("the copy of a replaced vault is only ever a file of the same folder", async () => {
  for (const [replaced, isTaken] of [
    ["vault.tar.aes.bak-1", true],
    ["../../key", false],
    ["/etc/passwd", false],
  ] as const) {
    const folder = await newFolder();
    await mkdir(projectState(folder), { recursive: true });
    const arrival = { sha256: one, replaced, before: {}, descends: true };
    await writeFile(join(projectState(folder), "state.json"), JSON.stringify({ version: 1, arrival }));
    assert.is(value(await readState(folder)).state.arrival?.replaced, isTaken ? replaced : undefined);
  }
});

test("a full lineage leaves the descent unknown, and one ancestor of several is enough", () => {
  const lineage = [short(one), short(two)];
  assert.is(descent(lineage, 3, [three]), "no");
  assert.is(descent(lineage, 2, [three]), "unknown");
  assert.is(descent(lineage, 2, [three, two]), "yes");
  assert.is(descent(undefined, 3, [one]), "unknown");
  assert.is(descent(lineage, 3, []), "unknown");
});

/** A vault of this generation that was opened. */
function opened(sha256: string, generation: number) {
  const manifest: Manifest = {
    ...{ version: 1, generation, host: "h", time: "t" },
    digest: "d",
    entries: [],
  };
  return { sha256, content: "d", manifest };
}

test("a vault of an earlier generation than the newest one opened here is an alarm, and no other is", async () => {
  const folder = await newFolder();
  const check = (sha256: string, generation: number) =>
    checkNotOlder(folder, "v", opened(sha256, generation));
  value(await check(one, 1));
  assert.ok(value(await recordNewest(folder, opened(one, 5))));
  assert.not.ok(value(await recordNewest(folder, opened(two, 6))));
  assert.equal(
    { found: 5, seen: 6 },
    (({ found, seen }) => ({ found, seen }))(failure(await check(one, 5), "vault-rollback")),
  );
  value(await check(three, 6));
  value(await check(three, 7));
  // restored on purpose: it is the newest from now on
  assert.not.ok(value(await recordNewest(folder, opened(one, 5))));
  value(await check(one, 5));
});

test("a v1 vault has no generation: however often it was saved here, its upgrade on another host is no older one", async () => {
  const passphrase = Secret.fromText("correct horse battery");
  for (const format of ["v1", "age"] as const) {
    const folder = await newFolder();
    const source = () => tarOf(new Map([["key", "1"]]));
    value(
      await sealInto({ folder, source, passphrase, format, limitBytes: 2 ** 20, from: { generation: 3 } }),
    );
    const checked = await checkNotOlder(folder, "v", opened(two, 1));
    if (format === "v1") value(checked);
    else failure(checked, "vault-rollback");
  }
});

test.run();
