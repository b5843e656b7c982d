// needs: docker, root, script
// time limit: 900 s
import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { Host, passphrase as usual, removeHosts, type Ended } from "../rig/host.js";
import { nowhere, watched } from "../rig/nowhere.js";
import { withVault } from "../rig/with-vault.js";

test.after(removeHosts);

// built at run time, so that neither is an argument of this test
const passphrase = ["a passphrase", "of this test"].join(" ");
const plantedBase64 = "c2VjcmV0LW9mLXRoZS1ob3VzZQ==";
const planted = Buffer.from(plantedBase64, "base64").toString();
const plant = `echo ${plantedBase64} | base64 -d > ~/secrets/key`;

test("the old and the new passphrase, typed or from files, are never visible outside RAM while passwd runs", async () => {
  const usb = await newFolder("usb");
  const host = await withVault(`file://${usb}/vault.tar.aes`, plant);
  const other = await Host.make(null);
  await writeFile(other.passphraseFile, passphrase, { mode: 0o600 });
  const needles = [usual, passphrase, planted];
  const pty = host.pty("passwd");
  let back: Ended | undefined;
  const seen = await watched(needles, async () => {
    await pty.secret("Old passphrase of the vault:", usual);
    await pty.secret(/New passphrase of the vault .*:/, passphrase);
    await pty.secret(/Repeat it .*:/, passphrase);
    await pty.expect("remove the older copies there?");
    await nowhere(host, needles, [usb]);
    pty.line("y");
    assert.is(await pty.ended, 0, pty.screen);
    back = await host.tazpod(
      ...["passwd", "--passphrase-file", other.passphraseFile],
      ...["--new-passphrase-file", host.passphraseFile],
    );
  });
  assert.is(back?.code, 0, back?.stderr);
  assert.equal(seen, []);
  for (const needle of needles) assert.not.match(`${pty.screen}${back?.stdout}${back?.stderr}`, needle);
  await nowhere(host, needles, [usb]);
});

test.run();
