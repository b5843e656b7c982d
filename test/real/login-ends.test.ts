// needs: engine, s3, script
// time limit: 900 s
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { behindProxy, unlocked } from "../rig/behind-proxy.js";
import { newFolder } from "../rig/folder.js";
import { removeHosts } from "../rig/host.js";

// The push at the end needs a login that has expired; the vault is saved regardless.

test.after(removeHosts);

test("an expired login is asked about at the end, and the answer no leaves the push for later", async () => {
  const { host, proxy } = await behindProxy();
  const pty = host.pty("--offline");
  await unlocked(pty);
  await pty.expect("$ ");
  pty.line("echo more > ~/secrets/more; exit");
  assert.is(await pty.ended, 0, pty.screen);
  Object.assign(host.env, {
    AWS_ACCESS_KEY_ID: "",
    AWS_SECRET_ACCESS_KEY: "",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
  });
  const late = host.pty();
  await unlocked(late);
  await late.expect("$ ");
  late.line("exit");
  await late.expect(/Pushing the vault needs a login: .*Log in now\? \[Y\/n\]/s);
  late.line("n");
  await late.expect("Not pushed:");
  assert.is(await late.ended, 3, late.screen);
  assert.is(await host.secrets(), "");
  assert.equal(proxy.requests, []);
  await proxy.stop();
});

test("a login that expires while the shell is open is asked about after saving: yes logs in and pushes, no leaves the push", async () => {
  const { host, proxy, remote } = await behindProxy();
  const folder = await newFolder("login");
  const [login, config] = [join(folder, "login"), join(folder, "config")];
  // like a role's keys: valid for a few seconds, and then not renewed without a login
  const keys = `{"Version":1,"AccessKeyId":"RGWTESTKEY","SecretAccessKey":"RGWTESTSECRET","Expiration":"'"$(date -u -d @$(($(date +%s) + 3)) +%FT%TZ)"'"}`;
  await writeFile(join(folder, "keys"), `#!/bin/sh\n[ -e '${login}' ] && echo '${keys}'\n`, { mode: 0o755 });
  await writeFile(join(folder, "aws"), `#!/bin/sh\ntouch '${login}'\n`, { mode: 0o755 });
  await writeFile(config, `[profile lab]\ncredential_process = ${join(folder, "keys")}\n`);
  await host.configure(`${remote}\n  profile: lab`);
  Object.assign(host.env, {
    AWS_ACCESS_KEY_ID: "",
    AWS_SECRET_ACCESS_KEY: "",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_CONFIG_FILE: config,
    AWS_EC2_METADATA_DISABLED: "true",
    PATH: `${folder}:${process.env["PATH"]}`,
  });
  for (const answer of ["n", "y"]) {
    await writeFile(login, "");
    const pty = host.pty();
    await unlocked(pty);
    await pty.expect("$ ");
    await rm(login);
    pty.line(`echo ${answer} > ~/secrets/key; sleep 4; exit`);
    await pty.expect("✔ Vault locked");
    await pty.expect(/Pushing the vault needs a login: .*Log in now\? \[Y\/n\]/s);
    pty.line(answer);
    assert.is(await pty.ended, answer === "y" ? 0 : 3, pty.screen);
    assert.match(pty.screen, answer === "y" ? "✔ Vault pushed to" : "Not pushed:");
    assert.is(await host.secrets(), "");
    const { stdout } = await host.tazpod("status");
    assert.match(stdout, answer === "y" ? /= vault-pushed/ : /- vault-pushed .*`tazpod push`/s);
  }
  await proxy.stop();
});

test.run();
