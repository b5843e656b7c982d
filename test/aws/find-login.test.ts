import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { equal } from "../rig/equal.js";
import { clientConfig, identity } from "../../lib/aws/client-config.js";
import { findLogin } from "../../lib/aws/sso/find-login.js";
import { oidcService, portalService } from "../../lib/aws/sso/service.js";
import { browserOpener } from "../../lib/host/browser.js";
import { completeConfig } from "../../lib/project/config.js";
import { failure, value } from "../rig/result.js";

const startUrl = "https://lab.awsapps.com/start";
const session = `[sso-session lab]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\n`;
const role = "sso_account_id = 012345678901\nsso_role_name = vault\n";

// the SDK reads the file once per process, so it contains all profiles
test.before(async () => {
  await mkdir(join(homedir(), ".aws"), { recursive: true });
  await writeFile(
    join(homedir(), ".aws", "config"),
    [
      `[default]\nregion = us-east-1\n`,
      `[profile lab]\nsso_session = lab\nregion = us-east-1\n${role}`,
      `[profile scoped]\nsso_session = scoped\n${role}`,
      `[profile old]\nsso_start_url = ${startUrl}\nsso_region = eu-west-2\n${role}`,
      `[profile lost]\nsso_session = lost\n${role}`,
      `[profile half]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\nsso_account_id = 012345678901\n`,
      `[profile tool]\nsso_session = lab\n`,
      `[sso-session scoped]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\nsso_registration_scopes = a:b, c:d\n`,
      session,
    ].join("\n"),
  );
});

const settings = (profile: string) => ({ region: "eu-central-1", profile });
const whole = { startUrl, accountId: "012345678901", roleName: "vault", sharesAwsCache: false };
const scopes = ["sso:account:access"];

test("a profile's login is found by its sso-session, with its scopes, and by the older keys", async () => {
  equal(value(await findLogin(settings("lab"), {})), {
    ...{ ...whole, region: "eu-west-1", profile: "lab", session: "lab", scopes },
  });
  equal(value(await findLogin(settings("old"), {})), {
    ...{ ...whole, region: "eu-west-2", profile: "old", scopes },
  });
  equal(value(await findLogin(settings("scoped"), {}))?.scopes, ["a:b", "c:d"]);
});

test("AWS_PROFILE names the profile when the config does not, and a profile may have no login", async () => {
  const { region } = settings("");
  assert.is(value(await findLogin({ region }, { AWS_PROFILE: "old" }))?.profile, "old");
  assert.is(value(await findLogin({ region }, {})), undefined);
  for (const profile of ["tool", "nobody"])
    assert.is(value(await findLogin(settings(profile), {})), undefined);
});

test("an incomplete login of a profile is a failure that names the missing key", async () => {
  for (const [profile, lack] of [
    ["lost", "sso-session lost of the AWS configuration has no sso_start_url"],
    ["half", "profile half of the AWS configuration has no sso_role_name"],
  ] as const)
    assert.is(failure(await findLogin(settings(profile), {}), "no-credentials").detail, lack);
});

const sso = { start_url: startUrl, region: "eu-west-1", account_id: 12345678901, role_name: "vault" };

test("the config's login takes precedence over the profile's and has its own region", async () => {
  const { remote } = completeConfig({ sso, remote: { region: "eu-central-1", profile: "old" } }, "/p");
  assert.is(remote.region, "eu-central-1");
  equal(value(await findLogin(remote, {})), { ...whole, region: "eu-west-1", scopes });
  assert.is(identity(remote, {}), "role vault of account 012345678901");
  assert.not.ok("profile" in clientConfig(remote, {}));
});

test("share_aws_cache alone applies to the profile's login", async () => {
  const { remote } = completeConfig({ sso: { share_aws_cache: true }, remote: { profile: "lab" } }, "/p");
  const found = value(await findLogin(remote, {}));
  equal([found?.profile, found?.sharesAwsCache], ["lab", true]);
});

test("both services are called in the login's region", async () => {
  process.env["AWS_REGION"] = "us-east-1";
  for (const { client } of [
    await oidcService({ region: "eu-west-1" }),
    await portalService({ region: "eu-west-1" }),
  ]) {
    assert.is(await client.config.region(), "eu-west-1");
    const { url } = client.config.endpointProvider({ Region: await client.config.region() });
    assert.match(url.hostname, /^(oidc|portal\.sso)\.eu-west-1\.amazonaws\.com$/);
  }
});

test("a browser is opened on this host's screen, not over SSH", () => {
  assert.is(browserOpener({ DISPLAY: ":0" }, "linux"), "xdg-open");
  assert.is(browserOpener({ WAYLAND_DISPLAY: "wayland-0" }, "linux"), "xdg-open");
  assert.is(browserOpener({}, "darwin"), "open");
  assert.is(browserOpener({}, "linux"), undefined);
  assert.is(browserOpener({ DISPLAY: "localhost:10.0", SSH_CONNECTION: "a b c d" }, "linux"), undefined);
  assert.is(browserOpener({ SSH_TTY: "/dev/pts/1" }, "darwin"), undefined);
});

test.run();
