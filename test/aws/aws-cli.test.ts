// needs: aws, script, s3
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SsoServer } from "../fake/sso-server.js";
import { newFolder } from "../rig/folder.js";
import { type Ended, Host, run } from "../rig/host.js";
import { ramFolder, removeRamFolders } from "../rig/ram-folder.js";
import { skip } from "../rig/skip.js";
import { s3Server } from "../runner/services.js";

// tazpod and the AWS CLI use each other's logins; with the real AWS CLI, where it can be directed to the tests' server.

let server: SsoServer;

test.before(async () => {
  server = await SsoServer.start();
});

test.after(async () => {
  await server.stop();
  await removeRamFolders();
});

/** Versions 1.29 and 2.13 and later support AWS_ENDPOINT_URL_SSO. */
async function tooOld(): Promise<string | undefined> {
  const { stdout, stderr } = await run("aws", ["--version"]);
  const [, major = "0", minor = "0"] = /aws-cli\/(\d+)\.(\d+)/.exec(`${stdout}${stderr}`) ?? [];
  const fits = Number(major) > 2 || Number(minor) >= (major === "1" ? 29 : 13);
  return fits ? undefined : `the AWS command line ${major}.${minor} knows no other endpoints than Amazon's`;
}

/** A host whose profile `lab` has an sso-session, with the login shared. */
async function shared(): Promise<Host> {
  const host = await Host.make({
    remote: "\n  url: s3://no-such-bucket/key\n  profile: lab",
    more: "sso: { share_aws_cache: true }\n",
  });
  const home = await newFolder("home");
  await mkdir(join(home, ".aws"));
  const role = `sso_account_id = ${server.accountId}\nsso_role_name = ${server.roleName}\n`;
  const session = `sso_start_url = ${server.startUrl}\nsso_region = eu-west-1\nsso_registration_scopes = sso:account:access\n`;
  await writeFile(
    join(home, ".aws", "config"),
    `[profile lab]\nsso_session = lab\nregion = eu-central-1\n${role}[sso-session lab]\n${session}`,
  );
  Object.assign(host.env, server.env, {
    HOME: home,
    XDG_RUNTIME_DIR: await ramFolder(),
    DISPLAY: "",
    WAYLAND_DISPLAY: "",
  });
  return host;
}

/** Sends a request of the AWS CLI to a real S3 server, with profile lab. */
const cli = ({ env }: Host): Promise<Ended> =>
  run("aws", ["s3api", "list-buckets", "--profile", "lab", "--endpoint-url", s3Server.endpoint], { env });

const name = "the AWS command line uses a shared login, and tazpod uses what it renewed";
const reason = await tooOld();
if (reason !== undefined) skip(test, name, reason);
else
  test(name, async () => {
    server.terms.tokenSeconds = 100;
    const host = await shared();
    const pty = host.pty("run", "login");
    await pty.expect("Ctrl-C cancels");
    server.decide("approved");
    await pty.expect("✔ Logged in");
    assert.is(await pty.ended, 0, pty.screen);
    server.asked.length = 0;
    server.terms.tokenSeconds = 3600;
    const used = await cli(host);
    assert.is(used.code, 0, used.stderr);
    assert.match(used.stdout, '"Buckets"');
    assert.equal(server.asked, ["refresh", "credentials"]);
    server.asked.length = 0;
    const again = await host.tazpod("run", "login");
    assert.is(again.code, 0, again.stderr);
    assert.match(again.stderr, /Logged in already/);
    assert.equal(server.asked, ["credentials"]);
    const cache = join(host.env["HOME"] ?? "", ".aws", "sso", "cache");
    const [file = ""] = await readdir(cache);
    assert.match(await readFile(join(cache, file), "utf8"), server.startUrl);
    assert.equal(server.complaints, []);
  });

test.run();
