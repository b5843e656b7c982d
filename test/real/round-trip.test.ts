// needs: docker, s3, script
// time limit: 900 s
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CountingProxy } from "../fake/counting-proxy.js";
import { contractBucket, useTestKeys } from "../rig/bucket.js";
import { provideDefaultImage } from "../rig/default-image.js";
import { newFolder } from "../rig/folder.js";
import { bin, Host, passphrase, removeHosts, run, text } from "../rig/host.js";
import { Pty } from "../rig/pty.js";
import { repository } from "../rig/root.js";
import { s3Server } from "../runner/services.js";

// The README's tour of two hosts: the contract's bucket and key, the defaults of init, a real terminal.

let proxy: CountingProxy;
let removeImage: () => Promise<void>;
let first = "";
let second: Host;
const names: string[] = [];

test.before(async () => {
  useTestKeys();
  await contractBucket();
  proxy = await CountingProxy.start(s3Server.endpoint);
  process.env["AWS_ENDPOINT_URL_S3"] = proxy.url;
  removeImage = await provideDefaultImage();
});

test.after(async () => {
  for (const name of names) await run("docker", ["rm", "-f", name]);
  await removeHosts();
  await proxy.stop();
  await removeImage();
});

test("in an empty folder: init, container, a new vault whose passphrase is asked twice, a shell, and everything is sealed and pushed", async () => {
  first = await newFolder("lab");
  const container = `${basename(first)}-lab`;
  names.push(container);
  const pty = new Pty([process.execPath, bin, "run", "enter"], { cwd: first });
  await pty.expect("No tazpod project here. Create one? [Y/n]");
  pty.line("");
  for (const question of ["Image [", "Vault [", "Engine ["]) {
    await pty.expect(question);
    pty.line("");
  }
  await pty.expect(
    /There is no vault here, nor at the remote \(s3:\/\/tazlab-storage\/tazpod\/vault\/vault\.tar\.aes\)\. Create one\?.*\[Y\/n\]/s,
  );
  pty.line("y");
  await pty.secret(/Passphrase for the new vault .*:/, passphrase);
  await pty.secret(/Repeat it .*:/, passphrase);
  await pty.expect("$ ");
  pty.line("pwd; mount | grep secrets; echo key-of-the-house > ~/secrets/key; exit");
  await pty.expect("/workspace");
  await pty.expect(/tmpfs on \/home\/tazpod\/secrets/);
  assert.is(await pty.ended, 0, pty.screen);
  assert.match(pty.screen, /✔ Vault locked/);
  assert.match(pty.screen, /✔ Vault pushed to/);
  assert.not.match(pty.screen, passphrase);
  assert.match(await text(join(first, ".tazpod", "config.yaml")), "image: tazzo/tazpod-ai:latest");
  const left = await run("docker", ["exec", "--user", "tazpod", container, "sh", "-c", "ls -A ~/secrets"]);
  assert.is(left.stdout, "");
  const here = await readFile(join(first, ".tazpod", "vault", "vault.tar.aes"));
  assert.not.ok(here.includes("key-of-the-house"));
});

test("on a second host with only the committed files: one question that lists pull and unlock, and then the secret is there", async () => {
  second = await Host.make(null, "second");
  await mkdir(second.path(".tazpod"));
  const config = await text(join(first, ".tazpod", "config.yaml"));
  await writeFile(
    second.path(".tazpod", "config.yaml"),
    config.replace(/container_name: .*/, `container_name: ${second.container}`),
  );
  const pty = second.pty("run", "enter");
  await pty.expect(/Unlock the vault\? This takes: .*pull.*s3:\/\/tazlab-storage.*unlock.*\[Y\/n\]/is);
  pty.line("");
  await pty.secret("Passphrase of the vault:", passphrase);
  await pty.expect("$ ");
  pty.line("cat ~/secrets/key; exit");
  await pty.expect(/key-of-the-house\r/);
  assert.is(await pty.ended, 0, pty.screen);
  assert.is(pty.screen.match(/\[Y\/n\]/g)?.length, 1, pty.screen);
  assert.is(await second.secrets(), "");
});

for (const [how, options, requests] of [
  ["one look at the remote", [], ["HEAD /tazlab-storage/tazpod/vault/vault.tar.aes"]],
  ["with --offline no request at all", ["--offline"], []],
] as const) {
  test(`with a local vault: one question, ${how}, and no other request if nothing changed`, async () => {
    proxy.requests.length = 0;
    const pty = second.pty("run", "enter", ...options);
    await pty.expect("Unlock the vault? [Y/n]");
    pty.line("");
    await pty.secret("Passphrase of the vault:", passphrase);
    await pty.expect("$ ");
    assert.equal(proxy.requests, requests);
    pty.line("exit");
    assert.is(await pty.ended, 0);
    assert.equal(proxy.requests, requests);
    assert.not.match(pty.screen, /not known|Vault pushed/);
  });
}

test("without a terminal the whole sequence runs, and the command's exit code is passed on", async () => {
  const done = await second.enter("echo more > ~/secrets/more; echo out; echo err >&2; exit 7");
  assert.is(done.code, 7);
  assert.is(done.stdout, "out\n");
  assert.match(done.stderr, "err\n");
  assert.is(await second.secrets(), "");
  assert.match((await second.tazpod("status")).stdout, /= vault-pushed/);
});

test("the steps run one by one, each by its name and as a separate script", async () => {
  const steps: [string[], RegExp][] = [
    [["run", "lock"], /^Nothing to do: the vault is locked\.$/m],
    [["pull"], /^✔ pull: The vault is the one at /m],
    [["unlock", "--passphrase-file", second.passphraseFile], /unlocked: 2 files/],
    [["run", "save", "--passphrase-file", second.passphraseFile], /saved: 2 files/],
    [["lock"], /✔ lock: Vault locked/],
    [["push"], /✔ push: (Vault pushed to|s3:.* has this vault already)/],
  ];
  for (const [args, expected] of steps) {
    const done = await second.tazpod(...args);
    assert.is(done.code, 0, `${args.join(" ")}: ${done.stderr}`);
    assert.match(done.stderr, expected);
  }
  const script = (name: string): string => `${repository}dist/bin/tasks/${name}.js`;
  const zx = `${repository}node_modules/zx/build/cli.js`;
  for (const argv of [
    [script("pull")],
    [zx, script("pull")],
    [script("unlock"), "--passphrase-file", second.passphraseFile],
  ]) {
    const done = await run(process.execPath, argv, { cwd: second.folder });
    assert.is(done.code, 0, `${argv.join(" ")}: ${done.stderr}`);
  }
  assert.match(await second.secrets(), "key");
  const lock = await run(process.execPath, [zx, script("lock")], { cwd: second.folder });
  assert.is(lock.code, 0, lock.stderr);
  assert.is(await second.secrets(), "");
});

test("a step run as a script names the unmet need", async () => {
  const lonely = await Host.make({ remote: "none" });
  const done = await run(process.execPath, [`${repository}dist/bin/tasks/unlock.js`], { cwd: lonely.folder });
  assert.is(done.code, 3);
  assert.match(done.stderr, /Cannot run unlock: .*\n.*vault-local/);
});

test("plan shows what enter would do and why, and what is not needed, and runs nothing", async () => {
  const plan = await second.tazpod("plan", "enter");
  assert.is(plan.code, 0);
  assert.match(plan.stdout, /= vault-local/);
  assert.match(plan.stdout, /\+ passphrase .*wanted by shell\n +\+ unlock +the vault is locked/);
  assert.match(plan.stdout, /not needed: .*pull/);
  assert.is(await second.secrets(), "");
});

test("a project's recipe adds a step before login and changes a prompt", async () => {
  const third = await Host.make(null, "third");
  await mkdir(third.path(".tazpod"));
  const config = await text(second.path(".tazpod", "config.yaml"));
  await writeFile(
    third.path(".tazpod", "config.yaml"),
    config.replace(/container_name: .*/, `container_name: ${third.container}`),
  );
  await writeFile(
    third.path("tazpod.tasks.yaml"),
    `version: 1
facts:
  vpn: { new: true, check: { exists: vpn } }
  session: { requires: { append: [vpn] } }
tasks:
  vpn-up: { new: true, desc: Bring the VPN up, provides: [vpn], cmds: [[touch, vpn]], finally: [vpn-down] }
  vpn-down: { new: true, clears: [vpn], cmds: [[rm, vpn]] }
  login: { needs: { prepend: [vpn] } }
  pull: { needs: { prepend: [vpn] } }
  unlock: { confirm: "Shall we, {{user}}?" }
`,
  );
  const pty = third.pty("enter", "--passphrase-file", third.passphraseFile);
  await pty.expect(/Shall we, tazpod\? This takes: bring the VPN up.*\[Y\/n\]/is);
  pty.line("");
  await pty.expect("$ ");
  pty.line("cat ~/secrets/key /workspace/vpn && echo both; exit");
  await pty.expect("both\r");
  assert.is(await pty.ended, 0, pty.screen);
  assert.not.ok(await readFile(third.path("vpn")).catch(() => undefined));
});

test.run();
