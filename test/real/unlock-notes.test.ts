// needs: engine, mount
// time limit: 900 s
import { readFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { dieEverywhere } from "../rig/die-at.js";
import { Host, removeHosts } from "../rig/host.js";
import { onTmpfs } from "../rig/tmpfs.js";

// The record of what is open, which unlock writes on the host.

test.after(removeHosts);

test("unlock on a full or read-only disk says so, leaves nothing in RAM, and succeeds once there is space", async () => {
  const host = await Host.make({ remote: "none", more: "vault: { format: v1 }\n" });
  const folder = host.state();
  await onTmpfs(folder, "2m", async (disk) => {
    assert.is((await host.enter("echo kept > ~/secrets/key")).code, 0);
    const before = await readFile(host.vault);
    const refused = async (why: RegExp): Promise<void> => {
      for (const done of [await host.run("unlock"), await host.enter("echo ran")]) {
        assert.is(done.code, 1, done.stderr);
        assert.is(done.stdout, "");
        assert.match(done.stderr, why);
        assert.is(await host.secrets(), "");
      }
      assert.ok((await readFile(host.vault)).equals(before));
    };
    await disk.fill(0);
    await refused(/no space left on the disk/);
    disk.readOnly();
    await refused(/the file system is read-only/);
    await disk.ease();
    assert.is((await host.enter("cat ~/secrets/key")).stdout, "kept\n");
  });
});

test("unlock killed at every write, fsync and rename leaves the vault open and complete, or closed, and the next one opens it", async () => {
  const host = await Host.make({ remote: "none", more: "vault: { format: v1 }\n" });
  assert.is((await host.enter("echo kept > ~/secrets/key")).code, 0);
  const before = await readFile(host.vault);
  const seen = await dieEverywhere(
    host,
    () => ["run", "--yes", "--passphrase-file", host.passphraseFile, "unlock"],
    async ({ at }) => {
      const next = await host.enter("cat ~/secrets/key");
      assert.is(next.stdout, "kept\n", `${at}: ${next.stderr}`);
      assert.is(await host.secrets(), "", at);
      assert.ok((await readFile(host.vault)).equals(before), at);
    },
  );
  for (const point of ["before open", "in the middle of appendFile", "before sync", "before rename"])
    assert.ok(seen.includes(point), seen.join(", "));
});

test.run();
