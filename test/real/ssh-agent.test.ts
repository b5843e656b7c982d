// needs: docker, root, script, setpriv, ssh-agent
// time limit: 900 s
import { chmod, chown, copyFile, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, Host, passphrase, quick, removeHosts, run, text } from "../rig/host.js";
import { underShell } from "../rig/under-shell.js";
import { until } from "../rig/until.js";

// The host's ssh-agent in the container: real agents, and a real ssh-add that asks them from inside.

const agents: number[] = [];
const program = "/workspace/tools/ld.so --library-path /workspace/tools /workspace/tools/ssh-add";
const list = `${program} -l`;

test.after(async () => {
  await removeHosts();
  for (const pid of agents) process.kill(pid);
});

/** Starts an agent of this user that has one key with this name, and returns its socket. */
async function agent(name: string, uid = 0): Promise<string> {
  const folder = await newFolder("agent");
  await chown(folder, uid, uid);
  const as = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const { stdout } = await run("setpriv", [...as, "ssh-agent", "-a", join(folder, "s"), "-s"]);
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
  agents.push(pid);
  const key = join(folder, "key");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key]);
  const socket = join(folder, "s");
  const added = await run("ssh-add", [key], { env: { SSH_AUTH_SOCK: socket } });
  assert.is(added.code, 0, added.stderr);
  return socket;
}

/** ssh-add and its libraries, in the project, since the image has none. */
async function withTools(host: Host): Promise<Host> {
  const tools = host.path("tools");
  await mkdir(tools, { mode: 0o755 });
  const { stdout } = await run("sh", [
    "-c",
    "command -v ssh-add; ldd $(command -v ssh-add) | grep -o '/[^ ]*'",
  ]);
  for (const path of stdout.trim().split("\n")) {
    const file = path.split("/").at(-1) ?? "";
    const copy = join(tools, file.startsWith("ld-") ? "ld.so" : file);
    await copyFile(path, copy);
    await chmod(copy, 0o755);
  }
  return host;
}

const make = async (more = ""): Promise<Host> =>
  withTools(await Host.make({ remote: "none", more: `${quick}${more}` }));

let host: Host;
let first: string;

test.before(async () => {
  first = await agent("first-key");
  host = await make();
  host.env["SSH_AUTH_SOCK"] = first;
});

test("a shell in the container has the keys of the host's agent, and the next one those of another agent, in the same container", async () => {
  const done = await host.enter(list);
  assert.match(done.stdout, "first-key", done.stderr);
  const { stdout: id } = await run("docker", ["inspect", "--format", "{{.Id}}", host.container]);
  host.env["SSH_AUTH_SOCK"] = await agent("second-key");
  const again = await host.enter(`${list}; ${list}`);
  assert.is(again.code, 0, again.stderr);
  assert.is(again.stdout.match(/second-key/g)?.length, 2);
  assert.not.match(again.stderr, "settings");
  assert.is((await run("docker", ["inspect", "--format", "{{.Id}}", host.container])).stdout, id);
  host.env["SSH_AUTH_SOCK"] = first;
});

test("without an agent, with one that is gone, and after a restart, the shell has the current agent or none, in the same container", async () => {
  host.env["SSH_AUTH_SOCK"] = "";
  const without = await host.enter("echo [$SSH_AUTH_SOCK]");
  assert.is(without.stdout, "[]\n", without.stderr);
  assert.not.match(without.stderr, "settings");
  host.env["SSH_AUTH_SOCK"] = join(host.folder, "gone");
  assert.is((await host.enter("echo [$SSH_AUTH_SOCK]")).stdout, "[]\n");
  host.env["SSH_AUTH_SOCK"] = first;
  await run("docker", ["stop", "--time", "0", host.container]);
  await rm(host.state("ssh"), { recursive: true });
  assert.match((await host.enter(list)).stdout, "first-key");
});

test("other users in the container cannot reach the agent: they cannot list its name, and it is gone after the shell", async () => {
  const { pty, left } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  pty.line(`${list}; echo [$SSH_AUTH_SOCK]`);
  await pty.expect("first-key");
  await pty.expect(/\[\/run\/tazpod\/\d+-[0-9a-f-]{36}\]/);
  const listed = await run("docker", ["exec", "--user", "65534", host.container, "ls", "/run/tazpod"]);
  assert.match(listed.stderr, "Permission denied");
  // the kernel does not show it either
  const [name = ""] = await readdir(host.state("ssh"));
  assert.match(pty.screen, name);
  assert.not.match(await text("/proc/net/unix"), name);
  pty.line("exit");
  assert.is(await left(), 0, pty.screen);
  assert.equal(await readdir(host.state("ssh")), []);
});

test("the next shell removes what a killed tazpod left", async () => {
  const { pty, kill } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  await kill("SIGKILL");
  await pty.expect("left with 137");
  assert.is((await readdir(host.state("ssh"))).length, 1);
  assert.match((await host.enter(`${list}; ls -d $SSH_AUTH_SOCK`)).stdout, "first-key");
  assert.equal(await readdir(host.state("ssh")), []);
});

test("if the container's user has another uid than the host's user, the user inside connects, and other host users do not", async () => {
  const [uid, other] = [12_345, 12_346];
  const theirs = await make();
  const home = await newFolder("theirs");
  theirs.env["HOME"] = home;
  const { gid } = await stat((process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").slice(7));
  const may: string[] = [];
  const as = (id: number, argv: readonly string[], env: Record<string, string>, input = ""): Promise<Ended> =>
    run("setpriv", [`--reuid=${id}`, `--regid=${id}`, `--groups=${gid}`, ...may, ...argv], {
      cwd: theirs.folder,
      env,
      input,
    });
  const socket = await agent("their-key", uid);
  await run("chown", ["-R", `${uid}:${uid}`, theirs.folder, home]);
  // only root may be able to read the checkout, unlike this user's own
  if ((await as(uid, ["test", "-r", bin, "-a", "-r", theirs.folder], {})).code !== 0)
    may.push("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search");
  const waits = `${list}; touch ~/there; until [ -e ~/go ]; do sleep 0.1; done`;
  const shell = as(
    uid,
    [process.execPath, bin, "--yes", "--passphrase-fd", "0", "enter", "--", "sh", "-c", waits],
    { HOME: home, SSH_AUTH_SOCK: socket },
    `${passphrase}\n`,
  );
  const there = (): Promise<boolean> =>
    theirs.inside("ls ~").then(
      (names) => names.includes("there"),
      () => false,
    );
  const early = await Promise.race([shell, until(there)]);
  assert.is(early, undefined, early?.stderr);
  const folder = theirs.state("ssh");
  const [name = ""] = await readdir(folder);
  may.length = 0;
  const outside = await as(other, ["ssh-add", "-l"], { SSH_AUTH_SOCK: join(folder, name) });
  await theirs.inside("touch ~/go");
  const done = await shell;
  assert.match(done.stdout, "their-key", done.stderr);
  assert.match(outside.stderr, "Permission denied");
});

test("a required agent that is missing is an error before a container is created, with what to do; `none` provides none", async () => {
  const demanding = await Host.make({ remote: "none", more: `${quick}ssh: agent\n` });
  demanding.env["SSH_AUTH_SOCK"] = "";
  const refused = await demanding.enter("true");
  assert.is(refused.code, 3, refused.stderr);
  assert.match(
    refused.stderr,
    "`ssh: agent` in .tazpod/config.yaml: there is no ssh-agent: SSH_AUTH_SOCK is not set.",
  );
  assert.match(refused.stderr, "ssh-agent)");
  assert.is.not((await run("docker", ["inspect", demanding.container])).code, 0);
  await demanding.configure("none", `${quick}ssh: none\n`);
  demanding.env["SSH_AUTH_SOCK"] = first;
  const done = await demanding.enter("echo [$SSH_AUTH_SOCK]; ls /run");
  assert.is(done.stdout, "[]\n", done.stderr);
});

test("`ssh: mount` mounts the host's ~/.ssh read-only; if it is missing, that is reported before a container is created", async () => {
  const mounting = await Host.make({ remote: "none", more: `${quick}ssh: mount\n` });
  const home = (mounting.env["HOME"] = await newFolder("home"));
  const refused = await mounting.enter("true");
  assert.is(refused.code, 3, refused.stderr);
  assert.match(refused.stderr, "`ssh: mount`");
  assert.is.not((await run("docker", ["inspect", mounting.container])).code, 0);
  await mkdir(join(home, ".ssh"), { mode: 0o700 });
  await writeFile(join(home, ".ssh", "config"), "Host example", { mode: 0o600 });
  await run("chown", ["-R", "1000:1000", join(home, ".ssh")]);
  const done = await mounting.enter("cat ~/.ssh/config; echo x > ~/.ssh/config || echo kept");
  assert.is(done.stdout, "Host examplekept\n", done.stderr);
  assert.match(done.stderr, "Read-only file system");
});

test.run();
