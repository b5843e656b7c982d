// needs: engine, s3
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keysIn, newBucket } from "../rig/bucket.js";
import { Host, removeHosts, run } from "../rig/host.js";
import { standalone } from "../rig/standalone.js";

test.after(removeHosts);

test("the standalone executable and the package can pull what the other one has pushed to S3", async () => {
  const executable = await standalone();
  const { bucket, ...remote } = await newBucket();
  const [one, other] = [await Host.make(null), await Host.make(null)];
  for (const host of [one, other]) await host.configure(JSON.stringify(remote));
  const enter = (script: string): ReturnType<typeof run> => {
    const args = ["enter", "--yes", "--passphrase-file", one.passphraseFile, "--", "sh", "-c", script];
    return run(executable, args, { cwd: one.folder });
  };

  const made = await enter("echo first > ~/secrets/key");
  assert.is(made.code, 0, made.stderr);
  assert.ok((await keysIn(bucket)).includes("tazpod/vault/vault.tar.aes"));

  const changed = await other.enter("cat ~/secrets/key && echo second > ~/secrets/key");
  assert.is(changed.code, 0, changed.stderr);
  assert.is(changed.stdout, "first\n");

  const found = await enter("cat ~/secrets/key");
  assert.is(found.code, 0, found.stderr);
  assert.is(found.stdout, "second\n");
});

test.run();
