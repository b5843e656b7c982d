import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fetchAncestor } from "../../lib/remote/ancestor.js";
import { readLocal } from "../../lib/remote/local-vault.js";
import { openRemote } from "../../lib/remote/open-remote.js";
import { pull } from "../../lib/remote/pull.js";
import { push } from "../../lib/remote/push.js";
import { Secret } from "../../lib/host/secret.js";
import { sealInto } from "../../lib/vault/seal-into.js";
import { newFolder } from "../rig/folder.js";
import { value } from "../rig/result.js";
import { tarOf } from "../rig/vault-of-files.js";
import { dies } from "../rig/victim.js";

const test = suite("ancestor");
const { signal } = new AbortController();

const save = (folder: string, text: string): Promise<void> =>
  writeFile(join(folder, "vault.tar.aes"), text.padEnd(100, "\0"));

/** Two hosts with the vault "first", and their remote. */
async function twoHosts() {
  const url = pathToFileURL(join(await newFolder("disk"), "vault.tar.aes")).href;
  const settings = { url, region: "x" };
  const remote = await openRemote(settings);
  const [here, there] = [await newFolder("here"), await newFolder("there")];
  await save(there, "first");
  value(await push({ remote, folder: there }));
  value(await pull({ remote, folder: here }));
  const ancestor = async (): Promise<string | undefined> => {
    const { state } = value(await readLocal(here));
    const found = await remote.head();
    const theirs = found.state === "present" ? found.object.parents : undefined;
    const temp = value(await fetchAncestor(remote, here, { state, theirs, signal }));
    if (temp === undefined) return undefined;
    const bytes = await readFile(temp.path, "utf8");
    await temp.discard();
    return bytes.replaceAll("\0", "");
  };
  return { settings, remote, here, there, ancestor };
}

/** `here` is killed after it has written "second", and `there` replaces that by "third". */
async function killedAfterWriting({ settings, remote, here, there }: Awaited<ReturnType<typeof twoHosts>>) {
  await save(here, "second");
  assert.ok(await dies({ what: "push", settings, folder: here, step: "written" }));
  value(await pull({ remote, folder: there }));
  await save(there, "third");
  value(await push({ remote, folder: there }));
}

test("a push that was killed after the write counts as the common version", async () => {
  const made = await twoHosts();
  const { here, ancestor } = made;
  await killedAfterWriting(made);
  await save(here, "fourth");
  assert.is(await ancestor(), "second");
});

test("a push that was killed before the write is noted, but does not count", async () => {
  const { settings, remote, here, there, ancestor } = await twoHosts();
  await save(here, "second");
  assert.ok(await dies({ what: "push", settings, folder: here, step: "noted" }));
  const { state, sha256 } = value(await readLocal(here));
  assert.equal(
    state.pending?.map((one) => one.sha256),
    [sha256],
  );
  await save(there, "third");
  value(await push({ remote, folder: there }));
  assert.is(await ancestor(), "first");
});

test("a pull that was killed after replacing the vault counts as the common version, also after a save", async () => {
  const { settings, remote, here, there, ancestor } = await twoHosts();
  await save(there, "second");
  value(await push({ remote, folder: there }));
  assert.ok(await dies({ what: "pull", settings, folder: here, step: "replaced" }));
  await save(there, "third");
  value(await push({ remote, folder: there }));
  assert.is(await ancestor(), "second");
  const { sha256 = "" } = value(await readLocal(here));
  const sealed = await sealInto({
    folder: here,
    source: () => tarOf(new Map([["a", "b"]])),
    passphrase: Secret.fromText("correct horse battery"),
    format: "v1",
    limitBytes: 2 ** 20,
    from: { generation: 2, parent: { sealed: sha256, content: "0".repeat(64) } },
  });
  value(sealed);
  assert.is(await ancestor(), "second");
});

test("a pull that was killed before replacing the vault does not count", async () => {
  const { settings, remote, here, there, ancestor } = await twoHosts();
  await save(there, "second");
  value(await push({ remote, folder: there }));
  assert.ok(await dies({ what: "pull", settings, folder: here, step: "backed-up" }));
  assert.is(await ancestor(), "first");
});

/** What fetchAncestor finds in a copy of the remote's folder, which is another remote. */
async function inCopyOf(settings: { readonly url: string }, here: string): Promise<unknown> {
  const copy = await newFolder("copy");
  await cp(dirname(fileURLToPath(settings.url)), copy, { recursive: true });
  const other = await openRemote({ url: pathToFileURL(join(copy, "vault.tar.aes")).href, region: "x" });
  const { state } = value(await readLocal(here));
  return value(await fetchAncestor(other, here, { state, theirs: undefined, signal }));
}

test("what was pushed to another remote is not common with this one, even if it has the same copies", async () => {
  const { settings, remote, here, there, ancestor } = await twoHosts();
  await save(there, "second");
  value(await push({ remote, folder: there }));
  assert.is(await ancestor(), "first");
  assert.is(await inCopyOf(settings, here), undefined);
});

test("what was being pushed to another remote is not common with this one", async () => {
  const made = await twoHosts();
  const { settings, here, ancestor } = made;
  await killedAfterWriting(made);
  assert.is(await ancestor(), "second");
  assert.is(await inCopyOf(settings, here), undefined);
});

test("of several versions that both descend from, the latest is the common one", async () => {
  const { remote, here } = await twoHosts();
  for (const text of ["second", "third"]) {
    await save(here, text);
    value(await push({ remote, folder: here }));
  }
  const { state } = value(await readLocal(here));
  // a sync program has put in place what another host made of "second"
  const theirs = state.lineage?.slice(1);
  const temp = value(await fetchAncestor(remote, here, { state, theirs, signal }));
  assert.is((await readFile(temp?.path ?? "", "utf8")).replaceAll("\0", ""), "second");
  await temp?.discard();
});

test("a copy with the right name and other content is not the common version, and is not kept", async () => {
  const { settings, remote, here, there, ancestor } = await twoHosts();
  await save(there, "second");
  value(await push({ remote, folder: there }));
  assert.is(await ancestor(), "first");
  const names = value(await remote.history.list(signal)).map(({ name }) => name);
  const disk = dirname(fileURLToPath(settings.url));
  for (const file of await readdir(disk, { recursive: true })) {
    const name = names.find((one) => file.includes(one));
    if (name === undefined) continue;
    // without what describes it, only its bytes show that it is another one
    if (file.endsWith(name)) await writeFile(join(disk, file), "other".padEnd(100, "\0"));
    else await rm(join(disk, file));
  }
  const before = await readdir(here);
  assert.is(await ancestor(), undefined);
  assert.equal(await readdir(here), before);
});

test.run();
