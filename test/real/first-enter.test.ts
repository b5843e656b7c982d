// needs: engine, s3, script
// time limit: 600 s
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import type { DoctorJson } from "../../lib/cli/doctor/doctor.js";
import { newBucket, useTestKeys } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { Host, quick, removeHosts } from "../rig/host.js";
import { pathWithout } from "../rig/path-without.js";
import { s3Server } from "../runner/services.js";

// What the first enter reports if the bucket or the login does not exist, and that the doctor reports it beforehand.

test.after(removeHosts);

const remote = (url: string, more = ""): string => `\n  url: ${url}\n  endpoint: ${s3Server.endpoint}${more}`;

interface Found {
  readonly verdict: string | undefined;
  readonly said: string;
}

async function examined(host: Host, check: string): Promise<Found> {
  const { findings } = JSON.parse((await host.tazpod("doctor", "--json")).stdout) as DoctorJson;
  const found = findings.find((one) => one.check === check);
  return { verdict: found?.verdict, said: `${found?.reason}\n${found?.todo}` };
}

test("a bucket that does not exist: enter and the doctor name setup-storage, which creates it, and then enter works", async () => {
  useTestKeys();
  const url = `s3://tazpod-new-${process.pid}/vault.tar.aes`;
  const host = await Host.make({ remote: remote(url), more: quick });
  const hint = /there is no bucket tazpod-new-\d+\n +`tazpod setup-storage` creates it\.\n/;
  const first = await host.enter("echo ran");
  assert.is(first.code, 3, first.stderr);
  assert.match(first.stderr, hint);
  const found = await examined(host, "remote");
  assert.is(found.verdict, "stops");
  assert.match(found.said, "`tazpod setup-storage` creates it.");
  assert.is((await host.run("setup-storage")).code, 0);
  const second = await host.enter("echo ran");
  assert.is(second.stdout, "ran\n", second.stderr);
  assert.is((await examined(host, "remote")).verdict, "good");
});

/** A host without keys, with this AWS configuration and a program `aws` with this text, or none. */
async function withoutKeys(config: string, aws: string | undefined, more = ""): Promise<Host> {
  const { url } = await newBucket();
  const [programs, home] = [await newFolder("bin"), await newFolder("home")];
  await mkdir(join(home, ".aws"));
  await writeFile(join(home, ".aws", "config"), config);
  if (aws !== undefined) await writeFile(join(programs, "aws"), `#!/bin/sh\n${aws}\n`);
  if (aws !== undefined) await chmod(join(programs, "aws"), 0o755);
  const host = await Host.make({ remote: remote(url, more) });
  const path = aws === undefined ? await pathWithout("aws") : (process.env["PATH"] ?? "");
  Object.assign(host.env, {
    AWS_ACCESS_KEY_ID: "",
    AWS_SECRET_ACCESS_KEY: "",
    AWS_EC2_METADATA_DISABLED: "true",
    HOME: home,
    PATH: `${programs}:${path}`,
  });
  return host;
}

// as aws-cli/1.45.11 prints it
const v1 = `if [ "$1" = --version ]; then echo "aws-cli/1.45.11 Python/3.11.7 Linux/6.1 botocore/1.43.11"; exit; fi
cat >&2 <<'END'
usage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]
To see help text, you can run:

  aws help
  aws <command> help
  aws <command> <subcommand> help
aws: error: argument operation: Invalid choice, valid choices are:

get-role-credentials                     | list-account-roles
list-accounts                            | logout
help
END
exit 2`;

const lab = "[profile lab]\nregion = eu-central-1\n";
const ownLogin = /Set `sso:` in \.tazpod\/config\.yaml \(start_url, region, account_id, role_name\)/;

const logins: readonly (readonly [
  what: string,
  config: string,
  aws: string | undefined,
  more: string,
  reason: RegExp,
  hint: RegExp,
])[] = [
  [
    "no credentials at all",
    "",
    v1,
    "",
    /There are no credentials for S3: no keys in the environment, and no AWS profile default/,
    /Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `sso:` in \.tazpod\/config\.yaml/,
  ],
  [
    "a profile that does not exist, where others do",
    "[profile work]\nregion = x\n[default]\nregion = x\n",
    v1,
    "\n  profile: lab",
    /There is no profile lab in the AWS configuration/,
    /Set `remote\.profile` in \.tazpod\/config\.yaml to one of .*work/,
  ],
  [
    "a profile that does not exist, and no other",
    "",
    v1,
    "\n  profile: lab",
    /There is no profile lab in the AWS configuration/,
    ownLogin,
  ],
  [
    "version 1 of the AWS CLI",
    lab,
    v1,
    "\n  profile: lab",
    /The AWS CLI here is version 1\.45\.11, which has no `aws sso login`/,
    ownLogin,
  ],
];

for (const [what, config, aws, more, reason, hint] of logins) {
  test(`${what}: enter fails with a hint, runs no login, and the doctor reports the same beforehand`, async () => {
    const host = await withoutKeys(config, aws, more);
    const doctor = await examined(host, "login");
    assert.is(doctor.verdict, "stops", doctor.said);
    assert.match(doctor.said, reason);
    assert.match(doctor.said, hint);
    const done = await host.enter("echo ran");
    assert.is(done.code, 3, done.stderr);
    assert.is(done.stdout, "");
    assert.match(done.stderr, reason);
    assert.match(done.stderr, hint);
    assert.not.ok(existsSync(host.vault));
    const pty = host.pty("login");
    assert.is(await pty.ended, 3, pty.screen);
    assert.match(pty.screen, reason);
    assert.match(pty.screen, hint);
    assert.not.match(pty.screen, /Invalid choice|usage: aws/);
  });
}

test("a profile without a login, and no AWS CLI: the hint names the project's own login", async () => {
  const host = await withoutKeys(lab, undefined, "\n  profile: lab");
  const done = await host.tazpod("login");
  assert.is(done.code, 3, done.stderr);
  assert.match(done.stderr, /The AWS profile lab has neither credentials nor a login/);
  assert.match(done.stderr, ownLogin);
});

test.run();
