// needs: engine, s3, script, curl
// time limit: 900 s
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { SsoServer } from "../fake/sso-server.js";
import { newBucket } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { bin, Host, passphrase, removeHosts, run } from "../rig/host.js";
import { Pty } from "../rig/pty.js";
import { ramFolder, removeRamFolders } from "../rig/ram-folder.js";
import { testWith } from "../rig/needing.js";
import { underShell } from "../rig/under-shell.js";
import { s3Server } from "../runner/services.js";

// A login on a host without the AWS command line, and what its credentials reach: a real S3 server.

let server: SsoServer;

test.before.each(async () => {
  server = await SsoServer.start();
});

test.after.each(async () => {
  await server.stop();
  assert.equal(server.complaints, []);
});

test.after(async () => {
  await removeHosts();
  await removeRamFolders();
});

const nobody = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_EC2_METADATA_DISABLED: "true" };

/** A host whose only way to credentials is a login; its key in the bucket is that of every host of this `url`. */
async function newHost(url?: string, more?: string): Promise<Host> {
  const { url: fresh } = url === undefined ? await newBucket() : { url };
  const host = await Host.make({
    remote: `\n  url: ${fresh}\n  region: eu-central-1\n  endpoint: ${s3Server.endpoint}`,
    more: server.config(more),
  });
  const surroundings = { XDG_RUNTIME_DIR: await ramFolder(), HOME: await newFolder("home") };
  Object.assign(host.env, nobody, surroundings, server.env, { DISPLAY: "", WAYLAND_DISPLAY: "" });
  return host;
}

/** Follows the address on the screen, as somebody with a browser does. */
async function confirm(pty: Pty): Promise<void> {
  await pty.expect(/http:\/\/127\S+user_code=\S+/);
  const [address = ""] =
    /http:\/\/127\S+user_code=\S+/.exec(pty.screen.slice(pty.screen.lastIndexOf("open this"))) ?? [];
  await pty.expect(`this code: ${new URL(address).searchParams.get("user_code")}`);
  assert.is((await fetch(address)).status, 200);
}

async function loggedIn(host: Host, ...words: string[]): Promise<void> {
  const pty = host.pty("run", "login", ...words);
  await confirm(pty);
  await pty.expect("✔ Logged in");
  assert.is(await pty.ended, 0, pty.screen);
}

/** A vault with a file `key`, which waits to be pushed. */
async function importVault(host: Host): Promise<void> {
  const folder = await newFolder("secrets");
  await writeFile(join(folder, "key"), "kept");
  const made = await host.tazpod("vault", "import", folder, "--passphrase-file", host.passphraseFile);
  assert.is(made.code, 0, made.stderr);
}

async function push(host: Host): Promise<void> {
  const pushed = await host.tazpod("run", "push");
  assert.is(pushed.code, 0, pushed.stderr);
}

const kept = (host: Host): Promise<string[]> =>
  readdir(join(host.env["XDG_RUNTIME_DIR"] ?? "", "tazpod", "sso"));

test("login: the address and the code, then credentials; a second says that there is one, and --force begins anew", async () => {
  const host = await newHost();
  await loggedIn(host);
  const again = await host.tazpod("run", "login");
  assert.is(again.code, 0, again.stderr);
  assert.match(
    again.stderr,
    /Logged in already: credentials found \(role vault of account 012345678901\) until/,
  );
  assert.is(server.count("device"), 1);
  await loggedIn(host, "--force");
  assert.equal([server.count("device"), server.count("register")], [2, 1]);
});

test("from an empty host: one question, a login, and the vault of another host is open; at the end it is pushed", async () => {
  const first = await newHost();
  await loggedIn(first);
  await importVault(first);
  await push(first);
  const url = /s3:\S+/.exec(await readFile(first.path(".tazpod", "config.yaml"), "utf8"))?.[0] ?? "";
  const second = await newHost(url);
  const pty = second.pty("enter");
  await pty.expect(
    /\? This takes: .*log in \(role vault of account 012345678901\), pull the vault.* \[Y\/n\]/s,
  );
  pty.line("");
  await pty.expect("To log in");
  // meant for nothing, and an answer to nothing
  pty.type("n\rnonsense");
  await confirm(pty);
  await pty.secret("Passphrase of the vault:", passphrase);
  await pty.expect("$ ");
  pty.line("cat ~/secrets/key; printf %s more > ~/secrets/more; exit");
  await pty.expect("kept");
  assert.is(await pty.ended, 0, pty.screen);
  assert.is(pty.screen.match(/\[Y\/n\]/g)?.length, 1, pty.screen);
  assert.is((await first.tazpod("run", "pull")).code, 0);
  const there = await first.tazpod("vault", "ls", "--passphrase-file", first.passphraseFile);
  for (const name of ["key", "more"]) assert.match(there.stdout, new RegExp(`\\b${name}\\b`));
});

test("a login that has ended is renewed in a push without a person", async () => {
  server.terms.tokenSeconds = 1;
  const host = await newHost();
  await loggedIn(host);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  server.asked.length = 0;
  await importVault(host);
  await push(host);
  assert.is(server.count("device"), 0);
  assert.ok(server.count("refresh") > 0);
});

test("a renewal that is refused: without a terminal exit 3 and how to help; at the end of a session the login is asked about", async () => {
  const host = await newHost();
  await loggedIn(host);
  await importVault(host);
  await push(host);
  server.revoke();
  server.refusesRefresh = true;
  const pulled = await host.tazpod("run", "pull");
  assert.is(pulled.code, 3, pulled.stderr);
  assert.match(pulled.stderr, /the login has expired at https:\/\/lab\.awsapps\.com\/start/);
  assert.match(pulled.stderr, /AWS_ACCESS_KEY_ID .* or log in on a terminal/is);
  const pty = host.pty("enter", "--passphrase-file", host.passphraseFile);
  await pty.expect("Unlock the vault? [Y/n]");
  pty.line("");
  await pty.expect("$ ");
  pty.line("printf %s more > ~/secrets/more; exit");
  await pty.expect(/Pushing the vault needs a login: the login has expired at .*\. Log in now\? \[Y\/n\]/s);
  pty.line("");
  await confirm(pty);
  assert.is(await pty.ended, 0, pty.screen);
  assert.match((await host.tazpod("status")).stdout, /= vault-pushed/);
});

test("two at once: one address on one screen, and the other takes the login that came of it", async () => {
  const host = await newHost();
  const one = host.pty("run", "login");
  await one.expect(/user_code=/);
  const two = host.pty("run", "login");
  await two.expect(/Another tazpod \(process \d+\) is logging in\. Waiting for it/);
  assert.is(server.count("device"), 1);
  server.decide("approved");
  await one.expect("✔ Logged in");
  await two.expect("✔ Logged in");
  assert.equal([await one.ended, await two.ended], [0, 0], two.screen);
  assert.not.match(two.screen, "user_code");
  assert.is(server.count("device"), 1);
});

test("Ctrl-C while the login is waited for, by it or by another: exit 130 at once, and no lock and no token is left", async () => {
  const host = await newHost();
  const one = await underShell(host, "run", "login");
  await one.pty.expect("Ctrl-C cancels");
  const two = host.pty("run", "login");
  await two.expect("Waiting for it");
  two.interrupt();
  assert.is(await two.ended, 130, two.screen);
  one.pty.interrupt();
  assert.is(await one.left(), 130, one.pty.screen);
  assert.equal(
    (await kept(host)).map((name) => name.replace(/^[0-9a-f]{40}/, "")),
    [".client.json"],
  );
});

test("a tazpod that was killed while it logged in keeps no other from it", async () => {
  const host = await newHost();
  const one = await underShell(host, "run", "login");
  await one.pty.expect("Ctrl-C cancels");
  await one.kill("SIGKILL");
  await one.pty.expect("left with 137");
  await loggedIn(host);
});

test("a denial in the browser: exit 3, in words, and nothing is kept of it", async () => {
  const host = await newHost();
  const pty = host.pty("run", "login");
  await pty.expect("Ctrl-C cancels");
  server.decide("denied");
  await pty.expect("The login at https://lab.awsapps.com/start was denied in the browser.");
  assert.is(await pty.ended, 3, pty.screen);
  assert.is((await kept(host)).length, 1);
});

test("the browser of a screen is opened, and what it is given is the address alone", async () => {
  const host = await newHost();
  const bin = await newFolder("bin");
  await writeFile(join(bin, "xdg-open"), `#!/bin/sh\necho "$@" > ${bin}/args\ncurl -s "$1" > ${bin}/page\n`);
  await chmod(join(bin, "xdg-open"), 0o755);
  const screen = { DISPLAY: ":0", SSH_CONNECTION: "", SSH_TTY: "", PATH: `${bin}:${process.env["PATH"]}` };
  Object.assign(host.env, screen);
  const pty = host.pty("run", "login");
  await pty.expect("✔ Logged in");
  assert.is(await pty.ended, 0, pty.screen);
  assert.match(await readFile(join(bin, "args"), "utf8"), /^http:\/\/127\S+user_code=\S+\n$/);
});

/** Where a secret is in the arguments or environment of any process of this machine. */
async function inProcesses(needles: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    for (const file of ["cmdline", "environ"]) {
      const text = await readFile(`/proc/${pid}/${file}`, "latin1").catch(() => "");
      for (const needle of needles) if (text.includes(needle)) found.push(`/proc/${pid}/${file}`);
    }
  }
  return found;
}

test("no token is in an argument, an environment, the project, the home, the container or on the screen", async () => {
  const host = await newHost();
  const { pty, left } = await underShell(host, "--passphrase-file", host.passphraseFile, "--verbose");
  await pty.expect("[Y/n]");
  pty.line("");
  await pty.expect("To log in");
  // no answer to what is asked next
  pty.line("n");
  await confirm(pty);
  await pty.expect("Create one?");
  pty.line("");
  await pty.expect("$ ");
  assert.ok(server.secrets.length >= 4);
  assert.equal(await inProcesses(server.secrets), []);
  pty.line("printf %s kept > ~/secrets/key; exit");
  assert.is(await left(), 0, pty.screen);
  assert.match((await host.tazpod("status")).stdout, /= vault-pushed/);
  for (const secret of server.secrets) assert.not.ok(pty.screen.includes(secret));
  const home = host.env["HOME"] ?? "";
  const found = await run("grep", ["-r", "-l", "-a", "-F", "-f", "-", host.folder, home], {
    input: `${server.secrets.join("\n")}\n`,
  });
  assert.equal([found.code, found.stdout], [1, ""]);
});

await testWith(
  test,
  "mount namespace",
  "where no folder is in RAM, the login lasts as long as the process, which says so",
  async () => {
    const host = await newHost();
    const disk = await newFolder("disk");
    host.env["XDG_RUNTIME_DIR"] = disk;
    const script = 'mount --bind "$0" /dev/shm && exec "$@"';
    const words = ["unshare", "--mount", "sh", "-c", script, disk, process.execPath, bin, "run", "login"];
    const pty = new Pty(words, { cwd: host.folder, env: host.env });
    await confirm(pty);
    await pty.expect("Logged in, only until this tazpod ends");
    assert.is(await pty.ended, 0, pty.screen);
    assert.equal(await run("grep", ["-r", "access", disk]), { code: 1, stdout: "", stderr: "" });
  },
);

test("logout forgets the login, and a check after it asks nobody", async () => {
  const host = await newHost();
  await loggedIn(host);
  const out = await host.tazpod("run", "logout");
  assert.is(out.code, 0, out.stderr);
  assert.match(out.stderr, "Logged out");
  assert.equal(await kept(host), []);
  server.asked.length = 0;
  const plan = await host.tazpod("plan", "pull");
  assert.match(plan.stdout, /\+ login .*there is no login at https:\/\/lab/);
  assert.equal(server.asked, []);
});

test("the older keys of a profile are understood, and what names no login says how to", async () => {
  const { url } = await newBucket();
  const host = await Host.make({
    remote: `\n  url: ${url}\n  endpoint: ${s3Server.endpoint}\n  profile: lab`,
  });
  const home = await newFolder("home");
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = nobody;
  const keys = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_EC2_METADATA_DISABLED: "true" };
  const path = { PATH: (await newFolder("bin")) + ":/usr/bin:/bin" };
  Object.assign(
    host.env,
    keys,
    server.env,
    { XDG_RUNTIME_DIR: await ramFolder(), HOME: home, DISPLAY: "" },
    path,
  );
  const none = await host.tazpod("run", "login");
  assert.is(none.code, 3, none.stderr);
  assert.match(none.stderr, /`sso:` in \.tazpod\/config\.yaml/);
  await run("mkdir", ["-p", join(home, ".aws")]);
  const old = `[profile lab]\nsso_start_url = ${server.startUrl}\nsso_region = eu-west-1\n`;
  const role = `sso_account_id = ${server.accountId}\nsso_role_name = ${server.roleName}\n`;
  await writeFile(join(home, ".aws", "config"), `${old}${role}`);
  await loggedIn(host);
  await importVault(host);
  await push(host);
});

test.run();
