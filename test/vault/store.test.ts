import { spawnSync } from "node:child_process";
import { chmod, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fail, ok, type Result } from "../../lib/failure/result.js";
import type { Write } from "../../lib/vault/seal-vault.js";
import { cleanLeftovers, replaceVault } from "../../lib/vault/store.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";
import { repository } from "../rig/root.js";
import { testWith } from "../rig/needing.js";
import { onTmpfs, type Tmpfs } from "../rig/tmpfs.js";

const test = suite("store");
const old = Buffer.alloc(2048, "o");
const fresh = Buffer.alloc(3 * 1024 * 1024, "n");
const good = async () => ok(undefined);
const fill = async (write: Write): Promise<Result<void>> => {
  for (let at = 0; at < fresh.length; at += 1024 * 1024) {
    const written = await write(fresh.subarray(at, at + 1024 * 1024));
    if (!written.ok) return written;
  }
  return ok(undefined);
};

async function folderWithVault(): Promise<string> {
  const folder = await newFolder();
  await writeFile(join(folder, "vault.tar.aes"), old, { mode: 0o600 });
  return folder;
}

function vault(folder: string): Promise<Buffer> {
  return readFile(join(folder, "vault.tar.aes"));
}

test("the new vault replaces the old one with mode 0600 and leaves no other files", async () => {
  const folder = await folderWithVault();
  await chmod(join(folder, "vault.tar.aes"), 0o644);
  let seen = Buffer.alloc(0);
  value(await replaceVault({ folder, fill, verify: async (path) => ok((seen = await readFile(path))) }));
  assert.ok(seen.equals(fresh));
  assert.ok((await vault(folder)).equals(fresh));
  assert.is((await stat(join(folder, "vault.tar.aes"))).mode & 0o777, 0o600);
  assert.equal(await readdir(folder), ["vault.tar.aes"]);
});

test("a file that fails verification replaces nothing", async () => {
  const folder = await folderWithVault();
  const result = await replaceVault({
    folder,
    fill,
    verify: async (path) => fail({ kind: "vault-damaged", path, detail: "no" }),
  });
  failure(result, "vault-damaged");
  assert.ok((await vault(folder)).equals(old));
  assert.equal(await readdir(folder), ["vault.tar.aes"]);
});

test("a place that is refused leaves the old vault, and nothing beside it", async () => {
  const folder = await folderWithVault();
  const target = async () => fail({ kind: "vault-absent", path: "elsewhere" });
  failure(await replaceVault({ folder, fill, verify: good, target }), "vault-absent");
  assert.ok((await vault(folder)).equals(old));
  assert.equal(await readdir(folder), ["vault.tar.aes"]);
});

test("between the look at the vault and the rename, nothing else replaces it", async () => {
  const folder = await folderWithVault();
  const looks: string[] = [];
  const replaceBy = (name: string) =>
    replaceVault({
      folder,
      fill: (write) => write(Buffer.from(name)),
      verify: good,
      async target() {
        const before = String(await vault(folder));
        await sleep(100);
        assert.is(String(await vault(folder)), before);
        looks.push(before.slice(0, 5), name);
        return ok(join(folder, "vault.tar.aes"));
      },
    });
  for (const done of await Promise.all(["first", "other", "third"].map(replaceBy))) value(done);
  assert.is(looks[0], "ooooo");
  // each has seen what the one before it made
  assert.equal([looks[2], looks[4], String(await vault(folder))], [looks[1], looks[3], looks[5]]);
});

test("what is verified is on the disk, to the last byte, also if it is small", async () => {
  const folder = await folderWithVault();
  let seen = Buffer.alloc(0);
  await replaceVault({
    folder,
    fill: (write) => write(Buffer.from("a few bytes")),
    verify: async (path) => ok((seen = await readFile(path))),
  });
  assert.is(seen.toString(), "a few bytes");
});

test("what a killed run left is removed by the next replacement", async () => {
  const folder = await folderWithVault();
  const name = `.vault.tar.aes.tmp-${process.pid}-0123456789ab`;
  await writeFile(join(folder, name), "");
  await utimes(join(folder, name), 1_700_000_000, 1_700_000_000);
  value(await replaceVault({ folder, fill, verify: good }));
  assert.equal(await readdir(folder), ["vault.tar.aes"]);
});

for (const [step, nth] of [
  ["created", 1],
  ["writing", 1],
  ["writing", 2],
  ["writing", 3],
  ["written", 1],
  ["verified", 1],
  ["replaced", 1],
] as const) {
  test(`killed with SIGKILL at "${step}" ${nth}: a whole vault is there, and the next run cleans up`, async () => {
    const folder = await folderWithVault();
    const died = spawnSync(process.execPath, [
      join(repository, "dist/test/fake/store-victim.js"),
      folder,
      step,
      String(nth),
    ]);
    assert.is(died.signal, "SIGKILL");
    assert.ok((await vault(folder)).equals(step === "replaced" ? fresh : old));
    assert.is(value(await cleanLeftovers(folder)).length, step === "replaced" ? 0 : 1);
    assert.equal(await readdir(folder), ["vault.tar.aes"]);
  });
}

test("a temporary file of a live process is not a leftover", async () => {
  const folder = await folderWithVault();
  await writeFile(join(folder, `.vault.tar.aes.tmp-${process.pid}-0123456789ab`), "");
  await writeFile(join(folder, "vault.tar.aes.bak-1"), "");
  assert.equal(value(await cleanLeftovers(folder)), []);
  assert.is((await readdir(folder)).length, 3);
});

test("a temporary file older than the process with its pid is a leftover", async () => {
  const folder = await folderWithVault();
  const name = `.vault.tar.aes.tmp-${process.pid}-0123456789ab`;
  await writeFile(join(folder, name), "");
  await utimes(join(folder, name), 1_700_000_000, 1_700_000_000);
  assert.equal(value(await cleanLeftovers(folder)), [name]);
  assert.equal(await readdir(folder), ["vault.tar.aes"]);
});

test("a missing folder is a failure with its path", async () => {
  const found = failure(await replaceVault({ folder: "/nowhere/at/all", fill, verify: good }), "file");
  assert.is(found.code, "ENOENT");
});

const onDisk = async (work: (folder: string, disk: Tmpfs) => Promise<void>): Promise<void> => {
  const folder = await newFolder("disk");
  return onTmpfs(folder, "2m", (disk) => work(folder, disk));
};

await testWith(test, "mount", "a full disk keeps the old vault and leaves nothing beside it", () =>
  onDisk(async (folder) => {
    await writeFile(join(folder, "vault.tar.aes"), old);
    assert.is(failure(await replaceVault({ folder, fill, verify: good }), "file").code, "ENOSPC");
    assert.ok((await vault(folder)).equals(old));
    assert.equal(await readdir(folder), ["vault.tar.aes"]);
  }),
);

await testWith(test, "mount", "a read-only file system keeps the old vault", () =>
  onDisk(async (folder, disk) => {
    await writeFile(join(folder, "vault.tar.aes"), old);
    disk.readOnly();
    assert.is(failure(await replaceVault({ folder, fill, verify: good }), "file").code, "EROFS");
    assert.ok((await vault(folder)).equals(old));
  }),
);

// root can write anywhere
if (process.getuid?.() !== 0)
  test("a read-only folder keeps the old vault", async () => {
    const folder = await folderWithVault();
    await chmod(folder, 0o500);
    assert.is(failure(await replaceVault({ folder, fill, verify: good }), "file").code, "EACCES");
    assert.ok((await vault(folder)).equals(old));
    await chmod(folder, 0o700);
  });

test.run();
