// needs: s3, tar
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { newBucket, putObject } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { Host } from "../rig/host.js";

test("the host name in S3 metadata cannot control the terminal", async () => {
  const { url, region, endpoint = "" } = await newBucket();
  const writer = encodeURIComponent("\u001b]0;owned\u0007evil\nVault saved");
  await putObject(url, Buffer.from("no vault"), { "tazpod-host": writer, "tazpod-generation": "7" });
  const host = await Host.make({ remote: `{ url: "${url}", region: ${region}, endpoint: "${endpoint}" }` });
  const pile = await newFolder("pile");
  await host.tazpod("vault", "import", pile, "--passphrase-file", host.passphraseFile);
  const pushed = await host.tazpod("push", "--yes");
  assert.is(pushed.code, 5, pushed.stderr);
  // oxlint-disable-next-line no-control-regex
  assert.not.match(pushed.stdout + pushed.stderr, /[\u0007\u001b]/);
  assert.match(pushed.stderr, "The host \ufffd]0;owned\ufffdevil\ufffdVault saved wrote");
});

test.run();
