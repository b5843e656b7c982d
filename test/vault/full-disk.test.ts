// needs: mount, tar
import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { makeFolder } from "../../lib/host/files.js";
import { Secret } from "../../lib/host/secret.js";
import { inspectVault } from "../../lib/vault/inspect-vault.js";
import { newFolder } from "../rig/folder.js";
import { Host, passphrase } from "../rig/host.js";
import { failure, value } from "../rig/result.js";
import { onTmpfs, type Tmpfs } from "../rig/tmpfs.js";
import { withSealed } from "../rig/with-vault.js";

// The vault's folder is on its own disk that is full or read-only. (test/real/killed.test.ts covers saving.)
const test = suite("full disk");
const fresh = "another horse, another battery";
const KiB = 1024;

test("edit in RAM that is full names the file, and leaves the vault as it was", async () => {
  const host = await withSealed("none", { key: "k".repeat(200 * KiB) });
  const before = await readFile(host.vault);
  const runtime = await newFolder("runtime");
  await onTmpfs(runtime, "64k", async () => {
    Object.assign(host.env, { XDG_RUNTIME_DIR: runtime, EDITOR: "true" });
    const done = await host.tazpod("vault", "edit", "key", "--passphrase-file", host.passphraseFile);
    assert.is(done.code, 1);
    assert.match(done.stderr, /Could not write .*\/tazpod\/edit\/.*\/key: .*no space left/i);
    assert.equal(await readdir(`${runtime}/tazpod/edit`), []);
  });
  assert.ok((await readFile(host.vault)).equals(before));
});

test("a folder that a read-only disk lacks is reported with that reason, however deep it is", async () => {
  const folder = await newFolder("disk");
  await onTmpfs(folder, "64k", async (disk) => {
    disk.readOnly();
    for (const path of ["one", "one/two/three"]) {
      const made = failure(await makeFolder(join(folder, path)), "file");
      assert.is(made.code, "EROFS", path);
    }
  });
});

/** A project with a vault of 300 KiB on its own disk, and the inputs to seal it again. */
async function withVault(
  format: "v1" | "age",
  work: (
    host: Host,
    disk: Tmpfs,
    given: { pile: string; freshFile: string; old: readonly string[] },
  ) => Promise<void>,
): Promise<void> {
  const host = await Host.make({ remote: "none", more: `vault: { format: ${format} }\n` });
  const pile = await newFolder("pile");
  await writeFile(join(pile, "random"), randomBytes(300 * KiB));
  const freshFile = join(await newFolder("pass"), "fresh");
  await writeFile(freshFile, `${fresh}\n`, { mode: 0o600 });
  const old = ["--passphrase-file", host.passphraseFile];
  await onTmpfs(host.path(".tazpod", "vault"), "2m", async (disk) => {
    const made = await host.tazpod("vault", "import", pile, ...old);
    assert.is(made.code, 0, made.stderr);
    await work(host, disk, { pile, freshFile, old });
  });
}

const commands: readonly (readonly [
  name: string,
  format: "v1" | "age",
  args: (pile: string, freshFile: string) => string[],
])[] = [
  ["import --force", "age", (pile) => ["vault", "import", pile, "--force"]],
  ["passwd", "age", (_, freshFile) => ["passwd", "--new-passphrase-file", freshFile]],
  ["passwd", "v1", (_, freshFile) => ["passwd", "--new-passphrase-file", freshFile]],
  ["upgrade", "v1", (_, freshFile) => ["upgrade", "--new-passphrase-file", freshFile]],
];

for (const [name, format, args] of commands) {
  test(`${name} (${format}) on a full or read-only disk fails with the reason, keeps the vault, and succeeds once there is space`, () =>
    withVault(format, async (host, disk, { pile, freshFile, old }) => {
      const before = await readFile(host.vault);
      const refused = async (why: RegExp): Promise<void> => {
        const done = await host.tazpod(...args(pile, freshFile), ...old);
        assert.is(done.code, 1, done.stderr);
        assert.match(done.stderr, why, done.stderr);
        assert.ok((await readFile(host.vault)).equals(before));
        const left = await readdir(host.path(".tazpod", "vault"));
        assert.equal(
          left.filter((file) => file !== "filler"),
          ["vault.tar.aes"],
        );
      };
      for (const left of [0, 4 * KiB, 200 * KiB]) {
        await disk.fill(left);
        await refused(/no space left on the disk/);
        await disk.ease();
      }
      disk.readOnly();
      await refused(/the file system is read-only/);
      await disk.ease();
      const done = await host.tazpod(...args(pile, freshFile), ...old);
      assert.is(done.code, 0, done.stderr);
      const word = name.startsWith("import") ? passphrase : fresh;
      assert.is(value(await inspectVault(host.vault, Secret.fromText(word))).summary.files, 1);
    }));
}

for (const command of ["import", "create"]) {
  test(`${command} on a full or read-only disk leaves nothing behind`, async () => {
    const host = await Host.make({ remote: "none" });
    const pile = await newFolder("pile");
    await writeFile(join(pile, "random"), randomBytes(300 * KiB));
    const folder = host.path(".tazpod", "vault");
    const words = command === "import" ? ["vault", "import", pile] : ["run", "--yes", "create"];
    await onTmpfs(folder, "2m", async (disk) => {
      await disk.fill(0);
      const full = await host.tazpod(...words, "--passphrase-file", host.passphraseFile);
      assert.is(full.code, 1, full.stderr);
      assert.match(full.stderr, /no space left on the disk/);
      disk.readOnly();
      const fixed = await host.tazpod(...words, "--passphrase-file", host.passphraseFile);
      assert.is(fixed.code, 1, fixed.stderr);
      assert.match(fixed.stderr, /the file system is read-only/);
      assert.equal(await readdir(folder), ["filler"]);
    });
  });
}

test.run();
