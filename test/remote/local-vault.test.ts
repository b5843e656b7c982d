import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  readLocal,
  checkPushed,
  checkStaleness,
  descentFromLocal,
  isPushed,
} from "../../lib/remote/local-vault.js";
import {
  recordPullStarted,
  recordSynced,
  rollbackFailure,
  vanishedFailure,
} from "../../lib/remote/last-synced.js";
import type { Presence, Remote, RemoteObject } from "../../lib/remote/remote-types.js";
import {
  type ArrivalRecord,
  changeState,
  type PushedRecord,
  readState,
  type VaultState,
} from "../../lib/vault/vault-state.js";
import { newFolder } from "../rig/folder.js";
import { openRemote } from "../../lib/remote/open-remote.js";
import { value } from "../rig/result.js";

// What this host knows of a remote, compared with what is there.

const test = suite("local vault and remote");
const [url, elsewhere] = ["file:///here/v", "file:///elsewhere/v"];
const [one, two, three] = ["1", "2", "3"].map((digit) => digit.repeat(64)) as [string, string, string];
const short = (sha256: string): string => sha256.slice(0, 12);
const pushedOf = (sha256: string, more: Partial<PushedRecord> = {}): PushedRecord => ({
  ...{ remote: url, sha256, etag: `e-${sha256[0]}`, at: "2026-01-01T00:00:00.000Z" },
  ...more,
});
const objectOf = (sha256: string | undefined, more: Partial<RemoteObject> = {}): RemoteObject => ({
  ...{ etag: `e-${sha256?.[0] ?? "x"}`, bytes: 1, modified: new Date(0) },
  ...(sha256 === undefined ? {} : { sha256 }),
  ...more,
});
const localOf = (sha256: string, state: Partial<VaultState>) => ({
  ...{ path: "v", bytes: 1, sha256 },
  state: { version: 1 as const, ...state },
});

test("a vault is pushed if this remote has exactly these bytes", () => {
  const state = { pushed: pushedOf(one) };
  assert.ok(isPushed(localOf(one, state), url));
  assert.not.ok(isPushed(localOf(two, state), url));
  assert.not.ok(isPushed(localOf(one, state), elsewhere));
  assert.not.ok(isPushed(localOf(one, {}), url));
});

test("a lower generation than was seen at this remote is an alarm; of another remote, nothing is known", () => {
  const state: VaultState = { version: 1, pushed: pushedOf(one, { generation: 5 }) };
  const found = (generation: number | undefined, at = url) =>
    rollbackFailure(objectOf(two, generation === undefined ? {} : { generation }), state, at)?.found;
  assert.equal([found(4), found(5), found(6), found(undefined)], [4, undefined, undefined, undefined]);
  assert.is(found(4, elsewhere), undefined);
  const same = objectOf(one, { generation: 4 });
  assert.is(rollbackFailure(same, state, url), undefined);
  // one that is no ancestor of ours has diverged
  const stranger = objectOf(two, { generation: 4, parents: [short(three)] });
  assert.is(rollbackFailure(stranger, { ...state, lineage: [short(one)] }, url), undefined);
});

test("a vault that is gone is an alarm if this host has synced it there", () => {
  const absent: Presence = { state: "absent" };
  assert.is(vanishedFailure(absent, pushedOf(one), url)?.kind, "remote-vanished");
  assert.is(vanishedFailure(absent, pushedOf(one), elsewhere), undefined);
  assert.is(vanishedFailure(absent, undefined, url), undefined);
  assert.is(vanishedFailure({ state: "present", object: objectOf(one) }, pushedOf(one), url), undefined);
});

test("the remote's vault descends from these bytes, or from what was synced if nothing is unpushed", () => {
  const child = objectOf(three, { parents: [short(two)] });
  assert.is(descentFromLocal(child, localOf(two, {}), url), "yes");
  assert.is(descentFromLocal(child, localOf(one, {}), url), "no");
  assert.is(descentFromLocal(objectOf(three), localOf(two, {}), url), "unknown");
  const synced = { pushed: pushedOf(two) };
  assert.is(descentFromLocal(child, localOf(two, synced), url), "yes");
  // one has unpushed changes on top of two
  assert.is(descentFromLocal(child, localOf(one, synced), url), "no");
  const refused = { remote: url, etag: "e-3", why: "diverged" } as const;
  assert.is(descentFromLocal(child, localOf(two, { ...synced, refused }), url), "no");
  assert.is(descentFromLocal(child, localOf(two, { ...synced, refused }), elsewhere), "yes");
});

/** A folder with a vault, and what `checkStaleness` says when the remote has this object. */
async function folderWith(state: (sha256: string) => Partial<VaultState>) {
  const folder = await newFolder();
  await writeFile(join(folder, "vault.tar.aes"), "the local vault".padEnd(100, "\0"));
  const { sha256 = "" } = value(await readLocal(folder));
  value(await changeState(folder, () => ({ version: 1, ...state(sha256) })));
  const real = await openRemote({ url, region: "x" });
  const stale = async (object: RemoteObject) => {
    const remote: Remote = { ...real, head: async () => ({ state: "present", object }) };
    const found = await checkStaleness(remote, folder);
    return found.state === "unknown" ? found.failure.kind : found.state;
  };
  return { folder, sha256, stale };
}

test("what was seen, what this host has pushed without an answer, and the same bytes are current", async () => {
  const pending = [
    { remote: url, sha256: two, writeId: "mine", generation: 1 },
    { remote: elsewhere, sha256: two, writeId: "theirs", generation: 1 },
  ];
  const { sha256, stale } = await folderWith(() => ({ pushed: pushedOf(one), pending }));
  assert.is(await stale(objectOf(one)), "current");
  assert.is(await stale(objectOf(two, { writeId: "mine" })), "current");
  assert.is(await stale(objectOf(sha256)), "current");
  assert.is(await stale(objectOf(two, { writeId: "theirs" })), "diverged");
  const other = await folderWith(() => ({ pushed: pushedOf(one, { remote: elsewhere }) }));
  assert.is(await other.stale(objectOf(undefined, { etag: "e-1" })), "diverged");
});

test("without metadata, a remote's vault is newer only if nothing here is unpushed", async () => {
  const unpushed = await folderWith(() => ({ pushed: pushedOf(one) }));
  assert.is(await unpushed.stale(objectOf(undefined)), "diverged");
  const pushed = await folderWith((sha256) => ({ pushed: pushedOf(sha256, { etag: "before" }) }));
  assert.is(await pushed.stale(objectOf(undefined)), "newer");
});

test("an older vault, and one that did not open before, are unknown, with the reason", async () => {
  const refused = { remote: url, etag: "e-3", why: "damaged" } as const;
  const { stale } = await folderWith((sha256) => ({
    pushed: pushedOf(sha256, { etag: "before", generation: 5 }),
    refused,
  }));
  assert.is(await stale(objectOf(two, { generation: 4 })), "remote-rollback");
  assert.is(await stale(objectOf(three, { generation: 6 })), "vault-damaged");
  assert.is(await stale(objectOf(two, { generation: 6 })), "newer");
});

test("a vault that was saved since the last push is not pushed", async () => {
  const { folder } = await folderWith(() => ({ pushed: pushedOf(one) }));
  assert.is((await checkPushed(folder, url)).state, "false");
  const pushed = await folderWith((sha256) => ({ pushed: pushedOf(sha256) }));
  assert.is((await checkPushed(pushed.folder, url)).state, "true");
  assert.is((await checkPushed(pushed.folder, elsewhere)).state, "false");
});

const stateOf = async (folder: string): Promise<VaultState> => value(await readState(folder)).state;

test("what is recorded keeps the highest generation of the same remote, and its hash only for the same object", async () => {
  const folder = await newFolder();
  value(await recordSynced(folder, url, objectOf(one, { generation: 7 })));
  value(await recordSynced(folder, url, objectOf(two, { generation: 3 })));
  assert.equal(
    [(await stateOf(folder)).pushed?.generation, (await stateOf(folder)).pushed?.sha256],
    [7, two],
  );
  // without metadata: the hash is known if the object is the same, and else it is not
  value(await recordSynced(folder, url, objectOf(undefined, { etag: "e-2" })));
  assert.is((await stateOf(folder)).pushed?.sha256, two);
  value(await recordSynced(folder, url, objectOf(undefined, { etag: "another" })));
  assert.match((await stateOf(folder)).pushed?.sha256 ?? "", /^0+$/);
  value(await recordSynced(folder, elsewhere, objectOf(undefined, { etag: "another", generation: 2 })));
  assert.is((await stateOf(folder)).pushed?.generation, 2);
});

test("two pulls without an opening keep the copy of what was opened last, and descend if both do", async () => {
  const first: ArrivalRecord = { sha256: one, replaced: "v.bak-1", before: {}, descends: true };
  for (const [descends, isUnopened, expected] of [
    ["yes", true, { ...first, sha256: two, descends: true }],
    ["unknown", true, { ...first, sha256: two, descends: false }],
    ["yes", false, undefined],
  ] as const)
    for (const before of [true, false]) {
      const folder = await newFolder();
      const arrival = { ...first, descends: before };
      value(await changeState(folder, (state) => ({ ...state, arrival })));
      const start = { sha256: two, replaced: undefined, isUnopened, descends, isDropped: false };
      value(await recordPullStarted(folder, url, objectOf(two), start));
      const found = (await stateOf(folder)).arrival;
      assert.is(found?.replaced, expected?.replaced);
      assert.is(found?.descends, expected === undefined ? undefined : expected.descends && before);
    }
});

test("a vault that a forced pull dropped is no ancestor of what comes", async () => {
  for (const descends of ["no", "unknown"] as const) {
    const folder = await newFolder();
    value(await changeState(folder, (state) => ({ ...state, lineage: [short(one)] })));
    const start = { sha256: two, replaced: "v.bak-1", isUnopened: false, descends, isDropped: true };
    value(await recordPullStarted(folder, url, objectOf(two), start));
    assert.equal((await stateOf(folder)).lineage, descends === "no" ? [] : [short(one)]);
  }
});

test.run();
