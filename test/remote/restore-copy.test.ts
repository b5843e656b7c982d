import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { ok } from "../../lib/failure/result.js";
import { pull } from "../../lib/remote/pull.js";
import { push } from "../../lib/remote/push.js";
import { restoreCopy, type RestoreCopyRequest } from "../../lib/remote/restore-copy.js";
import { inspectVault } from "../../lib/vault/inspect-vault.js";
import { failure, value } from "../rig/result.js";
import { content, open, passphrase, save, signal, twoHosts, vault } from "../rig/two-hosts.js";

const passphrases = async () => ok({ ofCopy: passphrase, toSeal: passphrase });

/** Restores the oldest copy, `{ key: "1" }`, of the two in the history. */
const restore = (
  { remote, here }: Awaited<ReturnType<typeof changed>>,
  more: Partial<RestoreCopyRequest> = {},
) => restoreCopy({ ...{ remote, folder: here, at: "2", passphrases, signal }, ...more });

/** `there` has pushed `{ key: "2" }`, and `here` has it, too. */
async function changed() {
  const made = await twoHosts();
  const { remote, here, there } = made;
  await save(there, { key: "2" });
  value(await push({ remote, folder: there, host: "there" }));
  value(await pull({ remote, folder: here }));
  value(await open(here));
  return made;
}

test("a restored copy is the newest vault, which can be pushed and opened elsewhere, and leaves nothing beside it", async () => {
  const made = await changed();
  const { remote, here, there } = made;
  const before = await readdir(here);
  value(await restore(made));
  assert.equal(await readdir(here), before);
  assert.equal(await content(here), { key: "1" });
  assert.is(value(await inspectVault(vault(here), passphrase)).summary.manifest?.generation, 3);
  assert.ok(value(await push({ remote, folder: here, host: "here" })).uploaded);
  value(await pull({ remote, folder: there }));
  value(await open(there));
  assert.equal(await content(there), { key: "1" });
});

test("the next push replaces what the remote had when the copy was restored", async () => {
  const made = await changed();
  const { remote, here, there } = made;
  await save(there, { key: "3" });
  value(await push({ remote, folder: there, host: "there" }));
  value(await restore(made, { at: "3" }));
  assert.ok(value(await push({ remote, folder: here })).uploaded);
});

test("a vault that was not pushed is not replaced; with force it is kept", async () => {
  const made = await changed();
  const { here } = made;
  await save(here, { key: "ours" });
  const ours = await readFile(vault(here));
  failure(await restore(made), "conflict");
  assert.ok((await readFile(vault(here))).equals(ours));
  const { backup = "" } = value(await restore(made, { force: true }));
  assert.ok((await readFile(backup)).equals(ours));
  assert.equal(await content(here), { key: "1" });
});

test("a damaged copy is named, and not taken for the local vault", async () => {
  const made = await changed();
  const { disk, here } = made;
  const [oldest = ""] = (await readdir(join(disk, "history")))
    .filter((name) => name.endsWith(".aes"))
    .toSorted();
  const copy = join(disk, "history", oldest);
  await writeFile(copy, (await readFile(copy)).subarray(0, -20));
  const damaged = failure(await restore(made), "vault-damaged");
  assert.equal([damaged.path, damaged.isRemote], [oldest, true]);
  assert.equal(await content(here), { key: "2" });
});

test("a vault that was saved while the passphrase was asked for is not replaced", async () => {
  const made = await changed();
  const { here } = made;
  const asking = async () => (await save(here, { key: "newer" }), passphrases());
  failure(await restore(made, { passphrases: asking }), "conflict");
  assert.equal(await content(here), { key: "newer" });
});

test.run();
