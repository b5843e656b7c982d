import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { equal } from "../rig/equal.js";
import type { Failure } from "../../lib/failure/failure.js";
import type { LoginPrompt } from "../../lib/aws/sso/device-flow.js";
import type { SsoLogin } from "../../lib/aws/sso/find-login.js";
import { type LoggedIn, logIn } from "../../lib/aws/sso/log-in.js";
import { logOut } from "../../lib/aws/sso/log-out.js";
import { roleCredentials } from "../../lib/aws/sso/role-credentials.js";
import type { Result } from "../../lib/failure/result.js";
import { scope, SsoServer } from "../fake/sso-server.js";
import { newFolder } from "../rig/folder.js";
import { ramFolder, removeRamFolders } from "../rig/ram-folder.js";
import { failure, value } from "../rig/result.js";

// The device flow, renewal and logout, against a server that imitates IAM Identity Center, including its refusals.

let server: SsoServer;

test.before.each(async () => {
  server = await SsoServer.start();
  server.terms.interval = 0.2;
  Object.assign(process.env, server.env, {
    XDG_RUNTIME_DIR: await ramFolder(),
    HOME: await newFolder("home"),
  });
});

test.after.each(async () => {
  await server.stop();
  equal(server.complaints, []);
});

test.after(removeRamFolders);

function login(more: Partial<SsoLogin> = {}): SsoLogin {
  const { startUrl, accountId, roleName } = server;
  const whole = {
    startUrl,
    accountId,
    roleName,
    region: "eu-west-1",
    scopes: [scope],
    sharesAwsCache: false,
  };
  return { ...whole, ...more };
}

interface Person {
  readonly decides?: "approved" | "denied" | "nothing";
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  readonly troubles?: Failure[];
  readonly invitations?: LoginPrompt[];
}

function logsIn(which: SsoLogin, person: Person = {}): Promise<Result<LoggedIn>> {
  const { decides = "approved", force = false, troubles = [], invitations = [] } = person;
  return logIn(which, {
    force,
    signal: person.signal ?? new AbortController().signal,
    onPrompt: (invitation) => {
      invitations.push(invitation);
      if (decides !== "nothing") server.decide(decides, invitation.code);
    },
    onWait: () => undefined,
    onTrouble: (trouble) => troubles.push(trouble),
  });
}

const kept = (): string => join(process.env["XDG_RUNTIME_DIR"] ?? "", "tazpod", "sso");

async function tokenFile(): Promise<string> {
  return join(kept(), (await readdir(kept())).find((file) => /^[0-9a-f]{40}\.json$/.test(file)) ?? "");
}

/** The stored token. */
async function token(): Promise<Record<string, string>> {
  return JSON.parse(await readFile(await tokenFile(), "utf8")) as Record<string, string>;
}

/** Makes the stored token one that has expired. */
async function expire(): Promise<void> {
  const text = JSON.stringify({ ...(await token()), expiresAt: "2020-01-01T00:00:00Z" });
  await writeFile(await tokenFile(), text);
}

test("a login gives the role's credentials, and later ones need no user and no new client", async () => {
  const invitations: LoginPrompt[] = [];
  equal(value(await logsIn(login(), { invitations })), { wasLoggedIn: false, isStored: true });
  assert.is(invitations.length, 1);
  assert.is(invitations[0]?.address, `${server.url}/?user_code=${invitations[0]?.code}`);
  const { accessKeyId, secretAccessKey, expiration } = value(await roleCredentials(login()));
  equal([accessKeyId, secretAccessKey], ["RGWTESTKEY", "RGWTESTSECRET"]);
  assert.ok(expiration.getTime() > Date.now() + 3000_000);
  equal(value(await logsIn(login())), { wasLoggedIn: true, isStored: true });
  equal(value(await logsIn(login(), { force: true })), { wasLoggedIn: false, isStored: true });
  equal(
    ["register", "device", "poll", "refresh"].map((what) => server.count(what)),
    [1, 2, 2, 0],
  );
});

test("token and client are files of mode 0600 in RAM, and nothing else is left", async () => {
  value(await logsIn(login()));
  const names = await readdir(kept());
  assert.is(names.length, 2, names.join(" "));
  for (const name of names) assert.is((await stat(join(kept(), name))).mode & 0o777, 0o600);
  assert.is((await stat(kept())).mode & 0o777, 0o700);
  const { accessToken = "", region } = await token();
  assert.ok(server.secrets.includes(accessToken));
  assert.is(region, "eu-west-1");
});

test("slow_down adds five seconds to the interval, and no poll comes early", async () => {
  server.spoil("/token", "slow_down");
  value(await logsIn(login()));
  assert.is(server.count("poll"), 2);
});

test("a denial and an expired code are distinct failures and leave no token", async () => {
  assert.is(failure(await logsIn(login(), { decides: "denied" }), "login-failed").why, "denied");
  server.terms.codeSeconds = 1;
  assert.is(failure(await logsIn(login(), { decides: "nothing" }), "login-failed").why, "expired");
  failure(await roleCredentials(login()), "no-credentials");
  assert.is((await readdir(kept())).length, 1);
});

test("an interruption ends a waiting login at once and leaves no lock and no token", async () => {
  const over = new AbortController();
  const done = logIn(login(), {
    force: false,
    signal: over.signal,
    onPrompt: () => over.abort("SIGINT"),
    onWait: () => undefined,
    onTrouble: () => undefined,
  });
  assert.is(failure(await done, "interrupted").signal, "SIGINT");
  assert.is(server.count("poll"), 0);
  assert.is((await readdir(kept())).length, 1);
});

test("polling continues at its interval when the service fails, with one message", async () => {
  server.spoil("/token", "500", 2);
  const troubles: Failure[] = [];
  value(await logsIn(login(), { troubles }));
  equal(
    troubles.map((trouble) => (trouble.kind === "login-failed" ? trouble.detail : trouble.kind)),
    ["it reports an internal error (500)"],
  );
  assert.is(server.count("poll"), 1);
});

test("one earlier failure of the service is retried, and a service that never answers fails after ten seconds", async () => {
  server.spoil("/client/register", "500");
  server.spoil("/device_authorization", "500");
  value(await logsIn(login()));
  server.spoil("/federation/credentials", "stall", 9);
  const late = failure(await roleCredentials(login()), "login-failed");
  equal([late.why, late.detail], ["unavailable", "no answer within 10 s"]);
});

test("an unreachable service is not a refusal", async () => {
  process.env["AWS_ENDPOINT_URL_SSO_OIDC"] = "http://127.0.0.1:1";
  const found = failure(await logsIn(login()), "login-failed");
  equal([found.why, found.detail], ["unavailable", "ECONNREFUSED"]);
});

test("a captive portal's page is not taken for an answer", async () => {
  for (const path of ["/client/register", "/device_authorization", "/federation/credentials"]) {
    server.spoil(path, "page", 9);
    const found = failure(await logsIn(login()), "login-failed");
    equal([found.why, found.detail], ["unavailable", "something else answers at this address"], path);
    server.heal();
  }
});

test("a client that the service has forgotten is registered again", async () => {
  value(await logsIn(login()));
  server.forgetClients();
  value(await logsIn(login(), { force: true }));
  assert.is(server.count("register"), 2);
});

test("a client that is about to expire is not used", async () => {
  server.terms.clientSeconds = 1800;
  value(await logsIn(login()));
  value(await logsIn(login(), { force: true }));
  assert.is(server.count("register"), 2);
});

test("refusals have the service's message: an unknown start URL, a scope, a role", async () => {
  const url = failure(await logsIn(login({ startUrl: "https://other.awsapps.com/start" })), "login-failed");
  equal([url.why, url.detail], ["refused", "no such start URL (InvalidRequestException)"]);
  const other = failure(await logsIn(login({ scopes: ["sso:nothing"] })), "login-failed");
  assert.match(other.detail, "InvalidScopeException");
  const role = failure(await logsIn(login({ roleName: "admin" })), "login-failed");
  assert.is(role.why, "no-role");
  assert.is(role.detail, `role admin of account ${server.accountId}: No access (ForbiddenException)`);
  server.complaints.length = 0;
});

test("a token with less than five minutes left is renewed without the user, and its refresh token is used once", async () => {
  server.terms.tokenSeconds = 200;
  value(await logsIn(login()));
  const first = await token();
  server.asked.length = 0;
  server.terms.tokenSeconds = 3600;
  await Promise.all([1, 2, 3].map(async () => value(await roleCredentials(login()))));
  assert.is(server.count("refresh"), 1);
  assert.is(server.count("device"), 0);
  const second = await token();
  assert.not.equal(second["accessToken"], first["accessToken"]);
  assert.not.equal(second["refreshToken"], first["refreshToken"]);
});

test("after a refused renewal the token is used until it expires, then a login is needed", async () => {
  server.terms.tokenSeconds = 200;
  value(await logsIn(login()));
  server.refusesRefresh = true;
  value(await roleCredentials(login()));
  await expire();
  const none = failure(await roleCredentials(login()), "no-credentials");
  assert.match(none.detail, `the login has expired at ${server.startUrl}`);
  equal(value(await logsIn(login())), { wasLoggedIn: false, isStored: true });
});

test("after a renewal without an answer the token is used until it expires, then the state is unknown", async () => {
  server.terms.tokenSeconds = 200;
  value(await logsIn(login()));
  process.env["AWS_ENDPOINT_URL_SSO_OIDC"] = "http://127.0.0.1:1";
  value(await roleCredentials(login()));
  await expire();
  assert.is(failure(await roleCredentials(login()), "login-failed").why, "unavailable");
});

test("without a refresh token the login expires with its token", async () => {
  server.terms.givesRefreshTokens = false;
  server.terms.tokenSeconds = 200;
  value(await logsIn(login()));
  value(await roleCredentials(login()));
  await expire();
  failure(await roleCredentials(login()), "no-credentials");
  assert.is(server.count("refresh"), 0);
});

test("a token revoked in the portal is renewed once, and if that is refused a login is needed", async () => {
  value(await logsIn(login()));
  server.revoke();
  value(await roleCredentials(login()));
  assert.is(server.count("refresh"), 1);
  server.revoke();
  server.refusesRefresh = true;
  failure(await roleCredentials(login()), "no-credentials");
  equal(value(await logsIn(login())), { wasLoggedIn: false, isStored: true });
});

test("a logout removes token and client, and the portal revokes the token", async () => {
  value(await logsIn(login()));
  const { signal } = new AbortController();
  equal(value(await logOut(login(), { offline: false, signal })), {
    wasLoggedIn: true,
    endedByPortal: true,
  });
  equal(await readdir(kept()), []);
  assert.is(server.count("logout"), 1);
  failure(await roleCredentials(login()), "no-credentials");
  equal(value(await logOut(login(), { offline: false, signal })), { wasLoggedIn: false });
});

test("a logout without the portal still removes the login", async () => {
  value(await logsIn(login()));
  const { signal } = new AbortController();
  process.env["AWS_ENDPOINT_URL_SSO"] = "http://127.0.0.1:1";
  equal(value(await logOut(login(), { offline: false, signal })), {
    wasLoggedIn: true,
    endedByPortal: false,
  });
  equal(await readdir(kept()), []);
});

test("a damaged token file counts as none", async () => {
  value(await logsIn(login()));
  for (const name of await readdir(kept())) await writeFile(join(kept(), name), '{"accessToken":');
  failure(await roleCredentials(login()), "no-credentials");
  equal(value(await logsIn(login())), { wasLoggedIn: false, isStored: true });
});

const cache = (): string => join(homedir(), ".aws", "sso", "cache");
const named = (text: string): string => `${createHash("sha1").update(text).digest("hex")}.json`;

test("a shared login is stored like the AWS CLI's, named by the session or the start URL", async () => {
  for (const more of [{ session: "lab" }, {}]) {
    value(await logsIn(login({ sharesAwsCache: true, ...more })));
    const path = join(cache(), named(more.session ?? server.startUrl));
    assert.is((await stat(path)).mode & 0o777, 0o600);
    const fields = JSON.parse(await readFile(path, "utf8")) as Record<string, string>;
    equal(Object.keys(fields).sort(), [
      "accessToken",
      "clientId",
      "clientSecret",
      "expiresAt",
      "refreshToken",
      "region",
      "registrationExpiresAt",
      "startUrl",
    ]);
    equal([fields["startUrl"], fields["region"]], [server.startUrl, "eu-west-1"]);
    for (const time of ["expiresAt", "registrationExpiresAt"])
      assert.match(fields[time] ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  }
});

test("a login of the AWS CLI is used and renewed in place", async () => {
  server.terms.tokenSeconds = 100;
  value(await logsIn(login({ sharesAwsCache: true, session: "lab" })));
  const [file = ""] = await readdir(cache());
  const before = await readFile(join(cache(), file), "utf8");
  // the time format of older AWS CLIs
  await writeFile(join(cache(), file), before.replace(/(\d)Z"/g, '$1UTC"'));
  server.asked.length = 0;
  server.terms.tokenSeconds = 3600;
  value(await roleCredentials(login({ sharesAwsCache: true, session: "lab" })));
  equal(server.asked, ["refresh", "credentials"]);
  assert.is.not(await readFile(join(cache(), file), "utf8"), before);
});

test("a token of the AWS CLI for another start URL is not used", async () => {
  value(await logsIn(login({ sharesAwsCache: true, session: "lab" })));
  const moved = login({ sharesAwsCache: true, session: "lab", startUrl: "https://other.awsapps.com/start" });
  failure(await roleCredentials(moved), "no-credentials");
});

test("a read-only cache folder is a failure with its path", async () => {
  const home = homedir();
  await mkdir(join(home, ".aws"), { recursive: true });
  await writeFile(join(home, ".aws", "sso"), "a file");
  const done = await logsIn(login({ sharesAwsCache: true }));
  assert.match(failure(done, "file").path, /\.aws\/sso\/cache/);
});

test.run();
