import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { conflictCopies } from "../../lib/remote/file/conflict-copies.js";
import { newFolder } from "../rig/folder.js";
import { Host } from "../rig/host.js";
import { value } from "../rig/result.js";

const asides = [
  "vault.tar (desk's conflicted copy 2026-11-27).aes",
  "vault.tar (conflicted copy 2026-11-27 101112).aes",
  "vault.tar.sync-conflict-20261127-101112-ABCDEFG.aes",
];

test("versions of the vault that sync programs set aside are found, and nothing else", async () => {
  const folder = await newFolder("synced");
  const others = ["vault.tar.aes", "vault.tar.aes.json", "notes.sync-conflict-20261127-101112-ABCDEFG.txt"];
  for (const name of [...asides, ...others]) await writeFile(join(folder, name), "");
  const found = value(await conflictCopies(pathToFileURL(join(folder, "vault.tar.aes")).href));
  assert.equal(found.toSorted(), asides.toSorted());
  assert.equal(value(await conflictCopies(pathToFileURL(join(folder, "gone", "vault.tar.aes")).href)), []);
});

test("doctor names them and says what to do", async () => {
  const folder = await newFolder("synced");
  const host = await Host.make({ remote: pathToFileURL(join(folder, "vault.tar.aes")).href });
  assert.match((await host.tazpod("doctor")).stdout, /= copies +no sync program/);
  await writeFile(join(folder, asides[2] ?? ""), "");
  const { stdout } = await host.tazpod("doctor");
  assert.match(
    stdout,
    /copies +a sync program set other versions of the vault aside: vault\.tar\.sync-conflict/,
  );
  assert.match(stdout, "`tazpod merge`");
});

test.run();
