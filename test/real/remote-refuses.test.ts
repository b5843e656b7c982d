// needs: engine, s3, script
// time limit: 900 s
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { cuttingProxy } from "../fake/cutting-proxy.js";
import { newBucket } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { Host, removeHosts } from "../rig/host.js";
import type { Pty } from "../rig/pty.js";
import { s3Server } from "../runner/services.js";

// A remote that is missing, refuses or drops connections: enter stops, and never creates a new vault.

test.after(removeHosts);

const remote = (url: string, endpoint = s3Server.endpoint): string =>
  `\n  url: ${url}\n  endpoint: ${endpoint}`;

test("a remote in an unknown state stops enter with its reason, before any container work, and creates no vault", async () => {
  const { url } = await newBucket();
  const cases: [string, string, Record<string, string>, RegExp][] = [
    ["no bucket", remote("s3://tazpod-no-such-bucket/vault"), {}, /bucket tazpod-no-such-bucket/],
    ["wrong key", remote(url), { AWS_SECRET_ACCESS_KEY: "wrong" }, /secret|signature/i],
    ["unknown key", remote(url), { AWS_ACCESS_KEY_ID: "nobody" }, /key|denied|credentials/i],
    ["no such name", remote(url, "http://nope.invalid:1"), {}, /nope\.invalid/],
    ["refused", remote(url, "http://127.0.0.1:1"), {}, /refuses the connection/],
  ];
  for (const [what, config, env, reason] of cases) {
    const host = await Host.make({ remote: config });
    Object.assign(host.env, env);
    const done = await host.enter("echo ran");
    assert.is(done.code, 3, `${what}: ${done.stderr}`);
    assert.is(done.stdout, "", what);
    assert.match(done.stderr, /Could not tell whether s3:\/\/.* has a vault/, what);
    assert.match(done.stderr, reason, what);
    assert.not.ok(existsSync(host.vault), what);
  }
});

test("access denied names the permission, and does not count as an empty bucket", async () => {
  const { bucket, url } = await newBucket();
  const { S3Client, PutBucketPolicyCommand } = await import("@aws-sdk/client-s3");
  const client = new S3Client({ region: "eu-central-1", endpoint: s3Server.endpoint, forcePathStyle: true });
  const deny = {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Deny",
        Principal: "*",
        Action: ["s3:GetObject", "s3:ListBucket"],
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      },
    ],
  };
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(deny) }));
  client.destroy();
  const host = await Host.make({ remote: remote(url) });
  const done = await host.enter("echo ran");
  assert.is(done.code, 3, done.stderr);
  assert.match(done.stderr, /denied|not allowed|s3:/i);
  assert.not.ok(existsSync(host.vault));
});

test("a pull whose connection keeps breaking exits with 1, leaves no partial vault, opens no shell, and can be repeated", async () => {
  const { url } = await newBucket();
  const first = await Host.make({ remote: remote(url) });
  assert.is((await first.enter("head -c 3000000 /dev/urandom > ~/secrets/key")).code, 0);
  const proxy = await cuttingProxy();
  // a pull continues where it was cut, but not forever
  proxy.cutAfter(200_000);
  const second = await Host.make({ remote: remote(url, proxy.url) });
  const cut = await second.enter("echo ran");
  assert.is(cut.code, 1, cut.stderr);
  assert.is(cut.stdout, "");
  assert.match(cut.stderr, /pull: /);
  assert.equal((await readdir(second.path(".tazpod", "vault"))).toSorted(), []);
  proxy.cutAfter(Infinity);
  assert.is((await second.tazpod("pull")).code, 0);
  assert.equal(await readFile(second.vault), await readFile(first.vault));
  await proxy.close();
});

test("without credentials and without a user to log in, enter exits with 3 at once, with what to do", async () => {
  const { url } = await newBucket();
  const host = await Host.make({ remote: remote(url) });
  Object.assign(host.env, { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" });
  const done = await host.enter("echo ran");
  assert.is(done.code, 3, done.stderr);
  assert.is(done.stdout, "");
  assert.match(done.stderr, /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/);
  assert.not.ok(existsSync(host.vault));
});

/** A host without credentials, with a program `aws` with this text first on PATH. */
async function withAws(script: string): Promise<Host> {
  const { url } = await newBucket();
  const bin = await newFolder("bin");
  const home = await newFolder("home");
  await mkdir(join(home, ".aws"));
  await writeFile(join(home, ".aws", "config"), "[profile lab]\nregion = eu-central-1\n");
  await writeFile(join(bin, "aws"), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, "aws"), 0o755);
  const host = await Host.make({ remote: `${remote(url)}\n  profile: lab` });
  Object.assign(host.env, {
    AWS_ACCESS_KEY_ID: "",
    AWS_SECRET_ACCESS_KEY: "",
    HOME: home,
    PATH: `${bin}:${process.env["PATH"]}`,
  });
  return host;
}

test("a failed login stops enter with its exit code, asks whether to continue, and creates no vault", async () => {
  const host = await withAws('echo "the browser said no" >&2; exit 1');
  const pty = host.pty("enter");
  await pty.expect(/Unlock the vault\?|Create one\?/);
  pty.line("y");
  await pty.expect("the browser said no");
  await pty.expect("aws sso login --profile lab failed");
  await pty.expect("Continue with shell anyway? [y/N]");
  pty.line("");
  assert.is(await pty.ended, 3, pty.screen);
  assert.not.ok(existsSync(host.vault));
});

test("after a successful login, enter continues with the new credentials", async () => {
  const keys = "[lab]\\naws_access_key_id = RGWTESTKEY\\naws_secret_access_key = RGWTESTSECRET\\n";
  const host = await withAws(
    `echo "$@" > "$HOME/args"; mkdir -p "$HOME/.aws"; printf '${keys}' > "$HOME/.aws/credentials"`,
  );
  const pty: Pty = host.pty("enter", "--passphrase-file", host.passphraseFile);
  await pty.expect(/Unlock the vault\? This takes: .*log in/s);
  pty.line("y");
  await pty.expect(/Create one\?/);
  pty.line("y");
  await pty.expect("$ ");
  pty.line("exit");
  assert.is(await pty.ended, 0, pty.screen);
  assert.is(await readFile(join(host.env["HOME"] ?? "", "args"), "utf8"), "sso login --profile lab\n");
});

test("a pull over an unpushed vault exits with 5, and keeps the vault", async () => {
  const { url } = await newBucket();
  const first = await Host.make({ remote: remote(url) });
  assert.is((await first.enter("echo a > ~/secrets/key")).code, 0);
  const second = await Host.make({ remote: remote(url) });
  assert.is((await second.tazpod("pull")).code, 0);
  assert.is((await second.run("unlock")).code, 0);
  await second.inside("echo unpushed > ~/secrets/key; echo b > ~/secrets/b");
  assert.is((await second.run("lock")).code, 0);
  const before = await readFile(second.vault);
  const pulled = await second.tazpod("pull");
  assert.is(pulled.code, 5, pulled.stderr);
  assert.match(pulled.stderr, /was not pushed/);
  assert.equal(await readFile(second.vault), before);
});

test("a push over another host's push exits with 5, names the host and time, keeps both versions, and locks the vault", async () => {
  const { url } = await newBucket();
  const first = await Host.make({ remote: remote(url) });
  assert.is((await first.enter("echo a > ~/secrets/key")).code, 0);
  // opened before the other host pushes
  assert.is((await first.run("unlock")).code, 0);
  const second = await Host.make({ remote: remote(url) });
  assert.is((await second.enter("echo b > ~/secrets/key")).code, 0);
  const theirs = await readFile(second.vault);
  const late = await first.enter("echo c > ~/secrets/key");
  assert.is(late.code, 5, late.stderr);
  assert.match(late.stderr, /The host \S+ changed s3:\S+ on \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
  assert.is(await first.secrets(), "");
  const third = await Host.make({ remote: remote(url) });
  assert.is((await third.tazpod("pull")).code, 0);
  assert.equal(await readFile(third.vault), theirs);
  assert.match(late.stderr, "tazpod merge");
  const merged = await first.run("merge");
  assert.is(merged.code, 0, merged.stderr);
  assert.is((await third.enter("cd ~/secrets; cat key.ours key.theirs")).stdout, "c\nb\n");
});

test.run();
