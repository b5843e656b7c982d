import { readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Host, run } from "../rig/host.js";
import { namesIn } from "../rig/names-in.js";
import { folderRemote, withQuickVault } from "../rig/with-vault.js";

// A program in the container may write anything in the secrets folder, including tazpod's own files.

/** Defines tests of programs in the container that change the marker; the caller runs them. */
export function markSuite(): void {
  const open = "~/secrets/.tazpod/open";
  /** What an attacker replaces the marker with. */
  const spoilt: readonly (readonly [string, string])[] = [
    ["nonsense", `echo nonsense > ${open}`],
    ["nothing", `: > ${open}`],
    ["an older record", `echo '{"version":1,"digest":"x","base":"y","openedAt":"z"}' > ${open}`],
    ["10 MiB", `head -c 10485760 /dev/zero > ${open}`],
    ["a fifo", `rm ${open}; mkfifo ${open}`],
    ["a link", `rm ${open}; ln -s /dev/zero ${open}`],
    ["a folder", `rm ${open}; mkdir ${open}`],
    ["no mark", `rm ${open}`],
    ["no folder", "rm -r ~/secrets/.tazpod"],
    ["a file for the folder", "rm -r ~/secrets/.tazpod; echo > ~/secrets/.tazpod"],
    ["a link for the folder", "rm -r ~/secrets/.tazpod; ln -s /tmp ~/secrets/.tazpod"],
  ];

  for (const [what, script] of spoilt)
    test(`with ${what} as the marker, a session ends closed, the vault is unchanged, and the files are kept sealed`, async () => {
      const host = await withQuickVault("none");
      const before = await readFile(host.vault);
      const from = performance.now();
      const done = await host.enter(`echo new > ~/secrets/new; ${script}`);
      assert.ok(performance.now() - from < 30_000);
      assert.is.not(done.code, 0, done.stderr);
      assert.match(done.stderr, /a program inside removed or changed its marker file/);
      assert.not.match(done.stderr, /bug in tazpod/);
      assert.is((await host.inside("ls -A ~/secrets | grep -vx .tazpod; :")).trim(), "");
      assert.ok((await readFile(host.vault)).equals(before));
      const kept = /as (\S+\.tar\.aes), and the folder was emptied/.exec(done.stderr)?.[1] ?? "";
      assert.ok((await namesIn(kept)).includes("new"));
      assert.is((await host.enter("cat ~/secrets/key")).stdout, "kept");
    });

  test("a vault without a record on this host is neither joined nor saved; lock --discard and down --discard close it", async () => {
    for (const close of ["lock", "down"]) {
      const host = await withQuickVault("none");
      await host.inside(
        "mkdir ~/secrets/.tazpod && echo forged > ~/secrets/.tazpod/open && echo planted > ~/secrets/p",
      );
      const before = await readFile(host.vault);
      for (const args of [["enter", "--", "true"], ["save"], ["lock"]]) {
        const done = await host.run(...args);
        assert.is.not(done.code, 0, args.join(" "));
        assert.match(done.stderr, /marker file is not the one this host wrote/);
      }
      assert.ok((await readFile(host.vault)).equals(before));
      const closed = await host.run("--discard", "--force", close);
      assert.is(closed.code, 0, closed.stderr);
      assert.is((await host.enter("ls ~/secrets")).stdout, "key\n");
    }
  });

  test("a vault that another host has opened is left alone, and the host named", async () => {
    const host = await withQuickVault("none");
    assert.is((await host.run("unlock")).code, 0);
    const read = "cat ~/secrets/.tazpod/open";
    const [id = "", name = ""] = (await host.inside(read)).trim().split(" ");
    assert.is(name, hostname());
    await host.forgetState();
    await host.inside(`echo '${id} desk\u001b' > ~/secrets/.tazpod/open`);
    for (const args of [["enter", "--", "true"], ["save"], ["lock"]]) {
      const done = await host.run(...args);
      assert.is.not(done.code, 0, args.join(" "));
      assert.match(done.stderr, /open in \S+ from another host, desk\S*\.\n/, done.stderr);
      assert.not.match(done.stderr, "\u001b");
    }
    assert.is((await host.run("--discard", "--force", "lock")).code, 0);
  });

  test("the host's state is not in the project's folder, and planted state files there have no effect", async () => {
    const host = await withQuickVault(await folderRemote());
    const folder = host.path(".tazpod", "vault");
    assert.equal(await readdir(folder), ["vault.tar.aes"]);
    await writeFile(`${folder}/open.json`, '{"version":1,"run":"x"}');
    await writeFile(
      `${folder}/session.lock`,
      '{"host":"other","pid":1,"since":"x","identity":"","nonce":"y"}',
    );
    await writeFile(`${folder}/state.json`, "{");
    const from = performance.now();
    assert.is((await host.enter("cat ~/secrets/key")).stdout, "kept");
    assert.ok(performance.now() - from < 30_000);
    assert.match((await host.tazpod("status")).stdout, /= vault-pushed/);
  });

  test("only bytes that this host has sealed, pulled or opened are pushed, and no link is followed", async () => {
    const host = await withQuickVault(await folderRemote());
    const other = await withQuickVault("none");
    await writeFile(host.vault, await readFile(other.vault));
    const unknown = await host.tazpod("push");
    assert.is(unknown.code, 1);
    assert.match(unknown.stderr, /never sealed, pulled or opened on this host/);
    // it is the user's own vault: once it was opened here, it is pushed
    assert.is((await host.run("unlock")).code, 0);
    assert.is((await host.run("lock")).code, 0);
    await run("ln", ["-sf", other.vault, host.vault]);
    const link = await host.tazpod("push");
    assert.is(link.code, 1);
    assert.match(link.stderr, /only regular files/);
  });

  test("a vault with a lower generation than this host has opened is refused without --force", async () => {
    const host = await Host.make({ remote: "none" });
    assert.is((await host.enter("echo 1 > ~/secrets/key")).code, 0);
    const old = await readFile(host.vault);
    assert.is((await host.enter("echo 2 > ~/secrets/key")).code, 0);
    await writeFile(host.vault, old);
    const refused = await host.enter("cat ~/secrets/key");
    assert.is(refused.code, 1, refused.stderr);
    assert.match(
      refused.stderr,
      /is older than a vault this host has opened before: generation 2, sealed by .*, after generation 3/,
    );
    assert.is(refused.stdout, "");
    assert.is(await host.secrets(), "");
    const forced = await host.enter("cat ~/secrets/key", "--force");
    assert.is(forced.stdout, "1\n", forced.stderr);
    assert.is((await host.enter("cat ~/secrets/key")).stdout, "1\n");
  });

  test("a host that opens the vault for the first time shows once who sealed it and when", async () => {
    const url = await folderRemote();
    const first = await Host.make({ remote: url });
    assert.is((await first.enter("echo 1 > ~/secrets/key")).code, 0);
    const second = await Host.make({ remote: url });
    const told = await second.enter("cat ~/secrets/key");
    assert.match(
      told.stderr,
      /First opened on this host: sealed by \S+ on \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, generation 2\./,
    );
    assert.not.match((await second.enter("true")).stderr, /First opened/);
  });
}
