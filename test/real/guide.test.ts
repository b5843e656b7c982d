// needs: engine, git, make, npm
// time limit: 600 s
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { copyExample, exampleOf, programs, put, type } from "../rig/guide.js";
import { bin, Host, passphrase, quick, removeHosts, run, text } from "../rig/host.js";
import { folderRemote, withQuickVault, withSealed } from "../rig/with-vault.js";

// The examples of docs/recipes.md, as they are there, in a new project.

test.after(removeHosts);

const page = "recipes.md";

const gitConfig = `[user]
	name = A
	email = a@example.org
[init]
	defaultBranch = main
[safe]
	directory = *
`;

test.before(() => writeFile(join(homedir(), ".gitconfig"), gitConfig));

/** Runs git; it must succeed. */
async function git(folder: string, ...args: string[]): Promise<string> {
  const done = await run("git", args, { cwd: folder });
  assert.is(done.code, 0, done.stderr);
  return done.stdout;
}

test("a VPN before the login: the remote is asked only once the VPN is up, and a VPN that is up stays as it is", async () => {
  const net = await newFolder("net");
  const sealed = await withSealed(await folderRemote(), { key: "kept" }, quick);
  await mkdir(join(net, "off"));
  await run("cp", [sealed.vault, join(net, "off")]);
  const path = await programs({
    nmcli: `cd '${net}'
case $* in
  "-t connection show --active lab") test -d on ;;
  "connection up lab") echo up >> log; mv off on ;;
  *) exit 2 ;;
esac`,
  });
  const host = await Host.make({ remote: `file://${net}/on/vault.tar.aes`, more: quick });
  const [commands] = await copyExample(host, page, "A VPN before the login");
  const done = await type(host, commands, path);
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stdout, /vpn-up[^]*pull/);
  assert.match(done.stderr, /Connect to the VPN[^]*Vault pulled/);
  assert.equal(await readFile(host.vault), await readFile(sealed.vault));

  assert.is((await type(host, "tazpod pull", path)).code, 0);
  await rename(join(net, "on"), join(net, "off"));
  const pushed = await type(host, "tazpod push", path);
  assert.is(pushed.code, 0, pushed.stderr);
  assert.is(await text(join(net, "log")), "up\nup\n");
});

test("a second remote: what a shell changes is on the disk after the push, and another host opens it from there", async () => {
  const disk = await newFolder("disk");
  const host = await withQuickVault(await folderRemote());
  await copyExample(host, page, "A second remote");
  await writeFile(host.path("tazpod.tasks.local.yaml"), `version: 1\nvars: { disk: ${disk}/lab }\n`);
  const without = await host.enter("echo 1 > ~/secrets/key");
  assert.is(without.code, 0, without.stderr);
  assert.not.match(without.stderr, "Copy the sealed vault");
  await mkdir(join(disk, "lab"));
  const done = await host.enter("echo 2 > ~/secrets/key");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, `Copy the sealed vault to ${disk}/lab`);
  assert.equal(await readFile(host.vault), await readFile(join(disk, "lab", "vault.tar.aes")));
  const again = await host.enter(":");
  assert.not.match(again.stderr, "Copy the sealed vault");
  const other = await Host.make({ remote: `file://${disk}/lab/vault.tar.aes`, more: quick });
  assert.is((await other.enter("cat ~/secrets/key")).stdout, "2\n");
});

test("a rendered secret: the file is there with the vault, in RAM, and gone after the lock", async () => {
  const host = await withQuickVault("none");
  const [commands] = await copyExample(host, page, "A rendered secret");
  const stored = await type(host, commands, await programs(), {
    TAZPOD_PASSPHRASE_FILE: host.passphraseFile,
  });
  assert.is(stored.code, 0, stored.stderr);
  const done = await host.enter("cat ~/.npmrc; stat -c %a /dev/shm/npmrc; readlink ~/.npmrc");
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout, "//registry.npmjs.org/:_authToken=npm_a1b2c3\n600\n/dev/shm/npmrc\n");
  assert.is(await host.inside("ls -A ~/.npmrc /dev/shm/npmrc 2>/dev/null || :"), "");
  const removed = await host.tazpod(
    ...["vault", "rm", "npm-token", "--yes", "--passphrase-file", host.passphraseFile],
  );
  assert.is(removed.code, 0, removed.stderr);
  assert.is.not((await host.enter(":")).code, 0);
  assert.is(await host.secrets(), "");
});

test("cron: with cron's environment and without a terminal the backup is made, and the vault is locked again", async () => {
  const home = homedir();
  const inside = await programs({ pg_dump: 'echo "$* as $PGPASSWORD"' });
  const host = await Host.make({
    remote: "none",
    more: `${quick}env: { PATH: "${inside}:/workspace/bin:/usr/bin:/bin" }\n`,
  });
  await chmod(host.folder, 0o777);
  await put(host.path("bin", "pg_dump"), await text(join(inside, "pg_dump")));
  const made = await host.enter("printf pa55 > ~/secrets/database-password");
  assert.is(made.code, 0, made.stderr);
  const [commands] = await copyExample(host, page, "Cron");
  await symlink(host.folder, join(home, "lab"));
  const path = await programs();
  await put(join(home, ".local", "bin", "tazpod"), await text(join(path, "tazpod")));

  const typed = (commands ?? "")
    .replace(/^cat > (\S+).*$/m, `echo '${passphrase}' > $1`)
    .replace(/^tazpod trust$/m, "");
  assert.is((await type(host, typed, path, { HOME: home })).code, 0);
  const line = await text(host.path("crontab"));
  const command = line.trim().replace(/^(?:\S+ ){5}/, "");
  const cron = (): ReturnType<typeof run> =>
    run("setsid", [
      ...["--wait", "env", "-i", `HOME=${home}`, "PATH=/usr/bin:/bin", "SHELL=/bin/sh", "LOGNAME=tazpod"],
      ...[`TAZPOD_ENGINE=${process.env["TAZPOD_ENGINE"]}`, `DOCKER_HOST=${process.env["DOCKER_HOST"] ?? ""}`],
      ...["/bin/sh", "-c", command],
    ]);
  const untrusted = await cron();
  assert.is(untrusted.code, 4, untrusted.stderr);
  assert.match(untrusted.stderr, "not trusted");

  const trusted = await type(host, "tazpod trust --yes", path, { HOME: home, TAZPOD_TRUST: "" });
  assert.is(trusted.code, 0, trusted.stderr);
  const done = await cron();
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout + done.stderr, "");
  const day = (await run("date", ["+%A"])).stdout.trim();
  assert.is(await text(host.path("backups", `${day}.sql`)), "--host=db.example.org app as pa55\n");
  assert.is(await host.secrets(), "");
});

test("overrides for one developer: another cluster, no question before the unlock, and git does not see the file", async () => {
  const path = await programs({ kubectl: 'echo "$* with ${KUBECONFIG-none}"' });
  const host = await withSealed("none", { key: "kept" }, quick);
  const config = await text(host.path(".tazpod", "config.yaml"));
  await run("rm", [host.path(".tazpod", "config.yaml")]);
  await git(host.folder, "init", "--quiet");
  const init = await type(host, "tazpod init --yes --remote none", path);
  assert.is(init.code, 0, init.stderr);
  await writeFile(host.path(".tazpod", "config.yaml"), config);
  await copyExample(host, page, "Overrides for one developer");
  const status = await git(host.folder, "status", "--porcelain", "--untracked-files=all");
  assert.match(status, "tazpod.tasks.yaml");
  assert.not.match(status, "tazpod.tasks.local.yaml");
  const mine = await type(host, "tazpod run apply", path, { HOME: "/home/me" });
  assert.is(mine.stdout, "--context kind-lab apply --filename manifests with /home/me/.kube/kind-lab\n");
  const once = await type(host, "tazpod run apply cluster=other", path);
  assert.match(once.stdout, "--context other");
  const shell = `tazpod enter --passphrase-file '${host.passphraseFile}' -- sh -c 'cat ~/secrets/key'`;
  const opened = await type(host, shell, path);
  assert.is(opened.stdout, "kept", opened.stderr);
  await run("rm", [host.path("tazpod.tasks.local.yaml")]);
  const team = await type(host, "tazpod run apply", path);
  assert.is(team.stdout, "--context staging apply --filename manifests with none\n");
  const asked = await type(host, shell, path);
  assert.is(asked.code, 4, asked.stderr);
  assert.match(asked.stderr, "Unlock the vault?");
});

test("a monorepo: both services install and test in their folders, each by itself from any folder", async () => {
  const host = await Host.make({ remote: "none" });
  const [commands] = await copyExample(host, page, "A monorepo");
  await put(host.path("lib", "package.json"), '{ "name": "lib", "version": "1.0.0" }\n');
  for (const name of ["api", "web"]) {
    const service = {
      name,
      scripts: { test: `echo ${name} with \${CI:-no} CI` },
      dependencies: { lib: "file:../../lib" },
    };
    await put(host.path("services", name, "package.json"), JSON.stringify(service));
    const locked = await run("npm", ["install", "--package-lock-only", "--offline"], {
      cwd: host.path("services", name),
    });
    assert.is(locked.code, 0, locked.stderr);
  }
  const path = await programs();
  const done = await type(host, commands, path, { CI: "" });
  assert.is(done.code, 0, done.stderr);
  assert.is(
    done.stdout.match(/^(api|web) with .*$/gm)?.join("\n"),
    "api with no CI\nweb with true CI\nweb with true CI",
  );
  for (const name of ["api", "web"])
    assert.ok(existsSync(host.path("services", name, "node_modules", "lib")));
  const below = await run(process.execPath, [bin, "run", "api:test"], { cwd: host.path("services", "web") });
  assert.match(below.stdout, "api with");
});

test("a git hook: a failing check keeps git from pushing; otherwise git and the vault are pushed", async () => {
  const [away, remote] = [await newFolder("git"), await newFolder("usb")];
  const host = await withSealed("none", { key: "kept" }, quick);
  await host.configure(`file://${remote}/vault.tar.aes`, quick);
  await git(away, "init", "--quiet", "--bare");
  await git(host.folder, "init", "--quiet");
  const [commands] = await copyExample(host, page, "A git hook");
  const path = await programs();
  const set = await type(host, commands, path);
  assert.is(set.code, 0, set.stderr);
  await put(host.path("Makefile"), 'check:\n\t@test -z "$$GIT_DIR" && grep -q good state\n');
  await put(host.path("state"), "bad\n");
  await git(host.folder, "add", ".");
  await git(host.folder, "commit", "--quiet", "--message", "first");
  const push = (): ReturnType<typeof type> => type(host, `git push '${pathToFileURL(away).href}' main`, path);
  const refused = await push();
  assert.is.not(refused.code, 0);
  assert.is(await git(away, "branch", "--list"), "");
  assert.not.ok(existsSync(join(remote, "vault.tar.aes")));
  await put(host.path("state"), "good\n");
  const done = await push();
  assert.is(done.code, 0, done.stderr);
  assert.match(await git(away, "branch", "--list"), "main");
  assert.equal(await readFile(join(remote, "vault.tar.aes")), await readFile(host.vault));
});

test("every example of the guide has a test that copies it", async () => {
  const guide = await text(join(import.meta.dirname, "../../../docs/recipes.md"));
  const [, part = ""] = /^## Guide$([^]*?)^## /m.exec(guide) ?? [];
  const titles = [...part.matchAll(/^### (.*)$/gm)].map(([, title = ""]) => title);
  assert.is(titles.length, 11);
  for (const title of titles.slice(0, -1)) assert.ok(exampleOf(page, title).files.size > 0, title);
});

test.run();
