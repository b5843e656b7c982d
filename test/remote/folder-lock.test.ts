import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bootId, processIdentity } from "../../lib/host/process-identity.js";
import { fileRemote } from "../../lib/remote/file/remote.js";
import type { Remote } from "../../lib/remote/remote-types.js";
import { newFolder } from "../rig/folder.js";
import { sha256Of } from "../rig/sha256.js";
import { failure, value } from "../rig/result.js";

const test = suite("lock of a folder remote");

async function scene(): Promise<{ remote: Remote; disk: string; lock: string }> {
  const disk = await newFolder("disk");
  const url = pathToFileURL(join(disk, "v")).href;
  return {
    disk,
    lock: join(disk, ".v.lock"),
    remote: fileRemote(url, { limits: { connect: 300, stall: 300 } }),
  };
}

async function upload(remote: Remote) {
  const from = join(await newFolder(), "vault");
  await writeFile(from, randomBytes(100));
  const metadata = { host: "a", writeId: randomUUID(), generation: 1, sha256: await sha256Of(from) };
  return remote.upload({ from, metadata, condition: "absent" });
}

function note(host: string, pid: number, identity: string): string {
  return JSON.stringify({ host, pid, identity, since: "2026-07-11T09:00:00.000Z", nonce: "n" });
}

test("a lock of a dead process on this host is taken over", async () => {
  const { remote, lock, disk } = await scene();
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
  const identity = (await processIdentity(child.pid ?? 0)) ?? "";
  child.kill("SIGKILL");
  await new Promise((resolve) => child.on("close", resolve));
  await writeFile(lock, note(hostname(), child.pid ?? 0, identity));
  assert.is(value(await upload(remote)).state, "written");
  assert.equal((await readdir(disk)).toSorted(), ["v", "v.meta.json"]);
});

test("a lock of an earlier boot of this host, and an empty one that a crash left, are taken over", async () => {
  const earlier = "11111111-2222-3333-4444-555555555555-123456";
  for (const left of [note(hostname(), process.ppid, earlier), "", "{"]) {
    const { remote, lock, disk } = await scene();
    await writeFile(lock, left);
    const hoursAgo = Date.now() / 1000 - 3 * 3600;
    await utimes(lock, hoursAgo, hoursAgo);
    assert.is(value(await upload(remote)).state, "written", left);
    assert.equal((await readdir(disk)).toSorted(), ["v", "v.meta.json"]);
  }
});

test("a lock of another machine with this host's name counts, and so does one that is just being written", async () => {
  const earlier = "11111111-2222-3333-4444-555555555555-123456";
  const other = JSON.stringify({ ...JSON.parse(note(hostname(), 1, earlier)), machine: "0000other" });
  for (const held of [other, ""]) {
    const { remote, lock } = await scene();
    await writeFile(lock, held);
    failure(await upload(remote), "remote-unavailable");
    assert.is(await readFile(lock, "utf8"), held);
  }
});

test("a lock of a live process is waited for, and its holder is named", async () => {
  const { remote, lock, disk } = await scene();
  const identity = (await processIdentity(process.ppid)) ?? "";
  await writeFile(lock, note(hostname(), process.ppid, identity));
  const { reason, hint = "" } = failure(await upload(remote), "remote-unavailable");
  assert.match(
    reason,
    new RegExp(`process ${process.ppid} of ${hostname()} has been writing there since 2026-07-11 09:00:00`),
  );
  assert.ok(hint.includes(lock));
  assert.equal(await readdir(disk), [".v.lock"]);
});

test("a lock of another host counts at any age, and the message says how to remove it", async () => {
  const { remote, lock } = await scene();
  // on this host, it would be that of a dead process
  await writeFile(lock, note("elsewhere", 1, `${await bootId()}-1`));
  const { reason, hint = "" } = failure(await upload(remote), "remote-unavailable");
  assert.match(reason, /process 1 of elsewhere/);
  assert.match(hint, /is no longer running, remove/);
  assert.match(await readFile(lock, "utf8"), /elsewhere/);
});

test("the lock is removed after a write and after a refusal", async () => {
  const { remote, disk } = await scene();
  assert.is(value(await upload(remote)).state, "written");
  assert.is(value(await upload(remote)).state, "refused");
  assert.equal((await readdir(disk)).toSorted(), ["v", "v.meta.json"]);
});

test("a folder in place of the vault is a failure, not an absence", async () => {
  const { remote, disk } = await scene();
  await mkdir(join(disk, "v"));
  assert.is((await remote.head()).state, "unknown");
});

test.run();
