// needs: tar
// time limit: 900 s
import { copyFile, link, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { projectState } from "../../lib/host/project-state.js";
import "../fake/light-scrypt.cjs";
import { Secret } from "../../lib/host/secret.js";
import { inspectVault } from "../../lib/vault/inspect-vault.js";
import { readState } from "../../lib/vault/vault-state.js";
import { type Died, dieEverywhere } from "../rig/die-at.js";
import { newFolder } from "../rig/folder.js";
import { Host, passphrase } from "../rig/host.js";
import { value } from "../rig/result.js";

// The program itself, killed at every write, fsync and rename, each time on what the previous run left.
const test = suite("killed");
const planted = "planted-5f1c0a7e-where-no-file-may-have-it";
const fresh = "another horse, another battery";

interface Project {
  readonly host: Host;
  readonly folder: string;
  /** A folder that contains the secret. */
  readonly pile: string;
  readonly freshFile: string;
  /** Temporary files of killed runs. */
  readonly left: Set<string>;
}

async function project(format: "v1" | "age", remote = "none"): Promise<Project> {
  const host = await Host.make({ remote, more: `vault: { format: ${format} }\n` });
  const pile = await newFolder("pile");
  await writeFile(join(pile, "key"), planted);
  const freshFile = join(await newFolder("pass"), "fresh");
  await writeFile(freshFile, `${fresh}\n`, { mode: 0o600 });
  return { host, folder: host.path(".tazpod", "vault"), pile, freshFile, left: new Set() };
}

async function imported(format: "v1" | "age", remote?: string): Promise<Project> {
  const made = await project(format, remote);
  const done = await made.host.tazpod(...importing(made));
  assert.is(done.code, 0, done.stderr);
  return made;
}

function importing({ host, pile }: Project, ...more: string[]): string[] {
  return ["vault", "import", pile, "--passphrase-file", host.passphraseFile, ...more];
}

/** The names in the vault's folder, except temporary files. */
async function names(folder: string): Promise<{ files: string[]; temporary: string[] }> {
  const all = (await readdir(folder).catch(() => [])).toSorted();
  const isTemporary = (name: string): boolean => name.startsWith(".");
  return { files: all.filter((name) => !isTemporary(name)), temporary: all.filter(isTemporary) };
}

/**
 * Checks that no file of the project contains the secret or a passphrase, and that the previous run's leftovers are
 * gone.
 */
async function clean({ host, folder, left }: Project, died: Died): Promise<void> {
  const entries = await readdir(host.folder, { recursive: true });
  for (const name of entries) {
    const path = host.path(name);
    if (!(await stat(path)).isFile()) continue;
    const bytes = await readFile(path);
    for (const word of [planted, passphrase, fresh])
      assert.not.ok(bytes.includes(word), `${died.at}: ${name} has "${word}" in it`);
  }
  const { temporary } = await names(folder);
  if (died.at === undefined) assert.equal(temporary, []);
  // unless it was killed earlier
  if (died.at !== "before mkdir" && died.at !== "before rm")
    for (const name of temporary) assert.not.ok(left.has(name), `${died.at}: ${name} is still there`);
  for (const name of temporary) left.add(name);
}

async function holds(path: string, word: string, when: string | undefined): Promise<void> {
  const found = await inspectVault(path, Secret.fromText(word));
  assert.ok(found.ok, `${when}: ${JSON.stringify(found)}`);
  assert.equal(
    value(found).summary.entries.map(({ entry }) => [entry.path, entry.size]),
    [["key", planted.length]],
  );
}

const everything = ["before open", "in the middle of appendFile", "before sync", "before rename"];

function covers(seen: readonly string[], ...points: string[]): void {
  for (const point of points) assert.ok(seen.includes(point), `never died ${point}: ${seen.join(", ")}`);
  assert.ok(seen.lastIndexOf("before sync") > seen.indexOf("before rename"), "the folder was not synced");
}

for (const format of ["v1", "age"] as const) {
  test(`import (${format}): leaves no vault or a complete one, wherever it is killed`, async () => {
    const made = await project(format);
    const seen = await dieEverywhere(
      made.host,
      () => importing(made),
      async (died) => {
        await clean(made, died);
        const { files } = await names(made.folder);
        if (files.length === 0) return;
        assert.equal(files, ["vault.tar.aes"], died.at);
        await holds(made.host.vault, passphrase, died.at);
        for (const name of files) await rm(join(made.folder, name));
      },
    );
    covers(seen, ...everything);
  });

  test(`passwd (${format}): leaves a vault that the old or the new passphrase opens, wherever it is killed`, async () => {
    const made = await imported(format);
    const [old, next] = [made.host.passphraseFile, made.freshFile];
    let before = await readFile(made.host.vault);
    let swapped = false;
    const seen = await dieEverywhere(
      made.host,
      () => {
        const [from, to] = swapped ? [next, old] : [old, next];
        return ["passwd", "--passphrase-file", from, "--new-passphrase-file", to];
      },
      async (died) => {
        await clean(made, died);
        // else the next run would begin with other points
        await rm(join(made.host.state(), "session.lock"), { force: true });
        const now = await readFile(made.host.vault);
        assert.equal((await names(made.folder)).files, ["vault.tar.aes"], died.at);
        if (now.equals(before)) return;
        swapped = !swapped;
        before = now;
        await holds(made.host.vault, swapped ? fresh : passphrase, died.at);
      },
    );
    covers(seen, ...everything);
  });
}

for (const links of ["", "none"]) {
  const where = links === "" ? "" : ", where the file system has no hard links";
  test(`import --force keeps the previous vault complete, wherever it is killed${where}`, async () => {
    const made = await imported("v1");
    made.host.env["DIE_LINKS"] = links;
    const before = await readFile(made.host.vault);
    const seen = await dieEverywhere(
      made.host,
      () => importing(made, "--force"),
      async (died) => {
        await clean(made, died);
        const { files } = await names(made.folder);
        await holds(made.host.vault, passphrase, died.at);
        // restored for the next run
        const kept = files.filter((other) => other.includes(".bak-"));
        for (const name of kept) {
          assert.ok((await readFile(join(made.folder, name))).equals(before), `${died.at}: ${name}`);
          await copyFile(join(made.folder, name), made.host.vault);
          await rm(join(made.folder, name));
        }
        if (kept.length === 0) assert.ok((await readFile(made.host.vault)).equals(before), died.at);
      },
    );
    covers(seen, ...everything, links === "" ? "before link" : "in the middle of copyFile");
  });
}

test("upgrade leaves the old vault or the new one in the age format, wherever it is killed", async () => {
  const made = await imported("v1");
  const before = await readFile(made.host.vault);
  const seen = await dieEverywhere(
    made.host,
    () => ["upgrade", "--passphrase-file", made.host.passphraseFile, "--new-passphrase-file", made.freshFile],
    async (died) => {
      await clean(made, died);
      assert.equal((await names(made.folder)).files, ["vault.tar.aes"], died.at);
      if ((await readFile(made.host.vault)).equals(before)) return;
      await holds(made.host.vault, fresh, died.at);
      await writeFile(made.host.vault, before);
    },
  );
  covers(seen, ...everything);
});

test("create: leaves no vault or a complete one, wherever it is killed", async () => {
  const made = await project("v1");
  const seen = await dieEverywhere(
    made.host,
    () => ["run", "--yes", "--passphrase-file", made.host.passphraseFile, "create"],
    async (died) => {
      await clean(made, died);
      // taking over the lock of a killed run takes more steps than a free one
      await made.host.forgetState();
      const { files } = await names(made.folder);
      if (files.length === 0) return;
      assert.is(
        value(await inspectVault(made.host.vault, Secret.fromText(passphrase))).summary.files,
        0,
        died.at,
      );
      await rm(made.host.vault);
    },
  );
  covers(seen, ...everything);
});

test("pull leaves the previous vault or the remote's, and a valid state.json, wherever it is killed", async () => {
  const usb = await newFolder("usb");
  const url = `file://${usb}/vault.tar.aes`;
  const first = await imported("v1", url);
  assert.is((await first.host.tazpod("push")).code, 0);
  const made = await project("v1", url);
  const older = await newFolder("older");
  assert.is((await made.host.tazpod("pull")).code, 0);
  const state = join(projectState(made.folder), "state.json");
  await link(made.host.vault, join(older, "vault.tar.aes"));
  await link(state, join(older, "state.json"));
  await writeFile(join(first.pile, "key"), planted.toUpperCase());
  assert.is((await first.host.tazpod(...importing(first, "--force"))).code, 0);
  assert.is((await first.host.tazpod("push")).code, 0);
  const [before, after] = [
    await readFile(join(older, "vault.tar.aes")),
    await readFile(join(usb, "vault.tar.aes")),
  ];
  assert.not.ok(before.equals(after));
  const seen = await dieEverywhere(
    made.host,
    () => ["pull"],
    async (died) => {
      await clean(made, died);
      const { files } = await names(made.folder);
      assert.ok(files.includes("vault.tar.aes"), died.at);
      // the replaced vault stays until the new one was opened
      for (const name of files.filter((file) => file !== "vault.tar.aes")) {
        assert.match(name, /^vault\.tar\.aes\.bak-\d$/, died.at);
        assert.ok((await readFile(join(made.folder, name))).equals(before), died.at);
        await rm(join(made.folder, name));
      }
      const now = await readFile(made.host.vault);
      assert.ok(now.equals(before) || now.equals(after), died.at);
      assert.is(value(await readState(made.folder)).problem, undefined, died.at);
      for (const path of [made.host.vault, state]) {
        await rm(path);
        await copyFile(join(older, basename(path)), path);
      }
    },
  );
  covers(seen, ...everything);
});

test.run();
