// needs: engine, script
// time limit: 600 s
import { readdir, readFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bin, type Ended, type Host, quick, removeHosts, run, shellBin } from "../rig/host.js";
import { ramFolder, removeRamFolders } from "../rig/ram-folder.js";
import { withQuickVault } from "../rig/with-vault.js";

// Changes of single files while the vault is open in a container.

test.after(async () => {
  await removeHosts();
  await removeRamFolders();
});

const parts = `${quick}parts:\n  prod: { paths: [prod], open: on-request }\n`;

function set(host: Host, path: string, input: string): Promise<Ended> {
  const argv = [bin, "vault", "set", path, "--passphrase-file", host.passphraseFile];
  return run(process.execPath, argv, { cwd: host.folder, env: host.env, input });
}

const cat = async (host: Host, path: string): Promise<string> =>
  (await host.tazpod("vault", "cat", path, "--passphrase-file", host.passphraseFile)).stdout;

test("a file that is open in the container is not changed outside, and the way to change it is named", async () => {
  const host = await withQuickVault("none", "echo kept > ~/secrets/key");
  assert.is((await host.run("unlock")).code, 0);
  const sealed = await readFile(host.vault);
  for (const done of [
    await set(host, "key", "lost"),
    await host.tazpod("vault", "rm", "key", "--yes", "--passphrase-file", host.passphraseFile),
    await host.tazpod("vault", "edit", "key", "--passphrase-file", host.passphraseFile),
  ]) {
    assert.is(done.code, 3, done.stderr);
    assert.match(done.stderr, `is open in the container ${host.container}`);
    assert.match(done.stderr, "~/secrets/key");
  }
  assert.ok((await readFile(host.vault)).equals(sealed));
  await host.inside("echo more > ~/secrets/key");
  assert.is((await host.run("lock")).code, 0);
  assert.is(await cat(host, "key"), "more\n");
  assert.is((await set(host, "key", "now")).code, 0);
  assert.is(await cat(host, "key"), "now");
});

test("a part that is closed in the container is changed outside, and the container's next save keeps both", async () => {
  const host = await withQuickVault(
    "none",
    "mkdir ~/secrets/prod; echo p > ~/secrets/prod/key; echo k > ~/secrets/key",
  );
  await host.configure("none", parts);
  assert.is((await host.run("unlock")).code, 0);
  const done = await set(host, "prod/key", "changed");
  assert.is(done.code, 0, done.stderr);
  const folder = await host.tazpod(
    "vault",
    "rm",
    "prod",
    "--yes",
    "--force",
    "--passphrase-file",
    host.passphraseFile,
  );
  assert.is(folder.code, 0, folder.stderr);
  assert.is((await set(host, "prod/new", "added")).code, 0);
  await host.inside("echo inside > ~/secrets/key");
  const locked = await host.run("lock");
  assert.is(locked.code, 0, locked.stderr);
  assert.is(await cat(host, "prod/new"), "added");
  assert.is(await cat(host, "key"), "inside\n");
  assert.not.ok((await readdir(host.path(".tazpod", "vault"))).includes("conflicts"));
});

test("a vault that is opened while a file of it is edited keeps both, the edited one in a file of its own", async () => {
  const host = await withQuickVault("none", "echo kept > ~/secrets/key");
  host.env["XDG_RUNTIME_DIR"] = await ramFolder();
  const flags = `--yes --passphrase-file '${host.passphraseFile}'`;
  host.env["EDITOR"] = `sh -c "${shellBin} unlock ${flags} && echo edited > \\"$0\\""`;
  const done = await host.tazpod("vault", "edit", "key", "--passphrase-file", host.passphraseFile);
  assert.is(done.code, 5, done.stderr);
  assert.match(done.stderr, "opened in the container, while it was edited");
  assert.is((await readdir(host.path(".tazpod", "vault", "conflicts"))).length, 1);
  assert.is(await cat(host, "key"), "kept\n");
  assert.is((await host.run("lock")).code, 0);
});

test.run();
