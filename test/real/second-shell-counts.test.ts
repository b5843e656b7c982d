// needs: script
// on each of: docker, namespace, process
import { test } from "uvu";
import * as assert from "uvu/assert";
import { engineName, quick, removeHosts } from "../rig/host.js";
import { checkCounts } from "../rig/start-counts.js";
import { withSealed } from "../rig/with-vault.js";

test.after(removeHosts);

test("a second shell loads and starts no more than it did", async () => {
  const host = await withSealed("none", undefined, quick);
  const pty = host.pty("run", "--yes", "--passphrase-file", host.passphraseFile, "enter");
  await pty.expect("$ ");
  await checkCounts(`enter -- true, vault open, ${engineName}`, host, "enter", "--", "true");
  pty.line("exit");
  assert.is(await pty.ended, 0, pty.screen);
});

test.run();
