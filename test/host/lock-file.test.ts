import { spawnSync } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isLock, type Lock, removeDeadLock, takeLock } from "../../lib/host/lock-file.js";
import { bootId } from "../../lib/host/process-identity.js";
import { newFolder } from "../rig/folder.js";
import { value } from "../rig/result.js";

async function taken(path: string): Promise<Lock> {
  const lock = value(await takeLock(path, 0));
  assert.ok(isLock(lock));
  return lock as Lock;
}

const lockPath = async (): Promise<string> => join(await newFolder(), "a.lock");

/** The note of a process of this boot that has ended. */
async function deadNote(host: string): Promise<string> {
  const { pid } = spawnSync("true");
  const note = { host, pid, since: "2026-01-01T00:00:00.000Z", identity: `${await bootId()}-1`, nonce: "n" };
  return JSON.stringify(note);
}

test("one process holds a lock until it releases it; nothing else is left in the folder", async () => {
  const path = await lockPath();
  const lock = await taken(path);
  assert.ok(await lock.holds());
  const second = value(await takeLock(path, 50));
  assert.not.ok(isLock(second));
  assert.is("pid" in second && second.pid, process.pid);
  assert.equal(await readdir(join(path, "..")), ["a.lock"]);
  await lock.release();
  assert.not.ok(await lock.holds());
  assert.equal(await readdir(join(path, "..")), []);
  await (await taken(path)).release();
});

test("a lock that another process holds by now is not released", async () => {
  const path = await lockPath();
  const lock = await taken(path);
  await rm(path);
  const other = await taken(path);
  assert.not.ok(await lock.holds());
  await lock.release();
  assert.ok(await other.holds());
});

test("a dead process's lock is taken over if the process was of this host", async () => {
  const path = await lockPath();
  await writeFile(path, await deadNote(hostname()));
  await (await taken(path)).release();
  const note = await deadNote("elsewhere");
  await writeFile(path, note);
  const holder = value(await takeLock(path, 0));
  assert.is(!isLock(holder) && holder.host, "elsewhere");
  assert.is(await readFile(path, "utf8"), note);
});

test("a lock that was taken since the dead one was found stays", async () => {
  const path = await lockPath();
  const lock = await taken(path);
  for (const dead of [{ nonce: "n" }, undefined]) await removeDeadLock(path, dead);
  assert.ok(await lock.holds());
  assert.equal(await readdir(join(path, "..")), ["a.lock"]);
});

test("of many that take a dead process's lock at once, one at a time holds it", async () => {
  for (let round = 0; round < 10; round++) {
    const path = await lockPath();
    await writeFile(path, await deadNote(hostname()));
    let [holding, most, times] = [0, 0, 0];
    const work = async (): Promise<void> => {
      const lock = value(await takeLock(path, 60_000));
      if (!isLock(lock)) return assert.unreachable("it was not free in time");
      most = Math.max(most, (holding += 1));
      await new Promise((resolve) => setTimeout(resolve, 30));
      times += 1;
      holding -= 1;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 6 }, work));
    assert.equal([most, times], [1, 6]);
  }
});

test.run();
