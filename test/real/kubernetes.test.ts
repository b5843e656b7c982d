// needs: kubernetes
// time limit: 600 s
import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { Host, bin, fine, passphrase, quick, removeHosts } from "../rig/host.js";
import { kubectl, sessionNamespace } from "../rig/kubernetes.js";
import { until } from "../rig/until.js";

// A project whose container is a pod: hosts share nothing but the remote and the cluster.

const space = await sessionNamespace({
  rules: [{ resources: ["pods/portforward"], verbs: ["create"] }],
});

test.after(removeHosts);

const settings = `${quick}parts:\n  prod: { paths: [prod], open: on-request }\n`;

async function newRemote(): Promise<string> {
  return pathToFileURL(join(await newFolder("remote"), "vault.tar.aes")).href;
}

/** Another host with a checkout of the same project. */
async function elsewhere(first: Host, remote: string): Promise<Host> {
  const host = await Host.make(null);
  host.env["XDG_STATE_HOME"] = await newFolder("state");
  await mkdir(host.path(".tazpod"));
  const config = await readFile(first.path(".tazpod", "config.yaml"), "utf8");
  assert.ok(config.includes(remote));
  await writeFile(host.path(".tazpod", "config.yaml"), config);
  return host;
}

/** The pods of the namespace that are not being deleted, with their ids. */
async function pods(): Promise<readonly string[]> {
  const columns =
    'go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{.status.phase}}{{"\\n"}}{{end}}{{end}}';
  return (await kubectl(["get", "pods", "-n", space.name, "-o", columns])).stdout
    .trim()
    .split("\n")
    .filter(Boolean);
}

const podOf = async ({ container }: Host): Promise<string> =>
  (await pods()).find((pod) => pod.startsWith(container)) ?? "";

test("a shell in a pod has the vault and the project; leaving saves, carries back, pushes and locks; another host continues there", async () => {
  const remote = await newRemote();
  const first = await Host.make({ remote, more: settings });
  await writeFile(first.path("greeting"), "hello\n");
  const pty = first.pty("enter");
  await pty.expect(/Create one\?.*\[Y\/n\]/s);
  pty.line("y");
  await pty.secret(/Passphrase for the new vault .*:/, passphrase);
  await pty.secret(/Repeat it .*:/, passphrase);
  await pty.expect("The vault is open in");
  pty.line("cat greeting; echo from-the-pod > answer; echo key-of-the-house > ~/secrets/key; exit 7");
  assert.is(await pty.ended, 7, pty.screen);
  assert.match(pty.screen, "hello");
  assert.match(pty.screen, "Vault pushed");
  assert.is(await readFile(first.path("answer"), "utf8"), "from-the-pod\n");
  assert.is(await first.secrets(), "");

  const second = await elsewhere(first, remote);
  const before = await pods();
  const done = fine(await second.enter("cat ~/secrets/key; echo two > ~/secrets/second"));
  assert.is(done.stdout, "key-of-the-house\n");
  assert.equal(await pods(), before);

  // and back, in a new pod
  fine(await first.run("down"));
  assert.is(await podOf(first), "");
  assert.is(fine(await first.enter("cat ~/secrets/second")).stdout, "two\n");
});

test("exit codes are passed on, with and without a terminal", async () => {
  const host = await Host.make({ more: settings });
  fine(await host.enter("true"));
  for (const code of [1, 7, 201, 202, 255]) assert.is((await host.enter(`exit ${code}`)).code, code);
  for (const code of [0, 1, 201, 202, 203]) {
    const pty = host.pty(
      "run",
      "--yes",
      "--passphrase-file",
      host.passphraseFile,
      "enter",
      "--",
      "sh",
      "-c",
      `exit ${code}`,
    );
    assert.is(await pty.ended, code, pty.screen);
  }
});

test("a tazpod that was killed leaves the vault open with what was not saved, and the next one saves it", async () => {
  const host = await Host.make({
    remote: await newRemote(),
    more: `${settings}session: { autosave: off }\n`,
  });
  fine(await host.enter("true"));
  const script = "echo unsaved > ~/secrets/late; echo ready; sleep 600";
  const child = spawn(
    process.execPath,
    [bin, "run", "--yes", "--passphrase-file", host.passphraseFile, "enter", "--", "sh", "-c", script],
    { cwd: host.folder, env: { ...process.env, ...host.env }, stdio: ["ignore", "pipe", "ignore"] },
  );
  let said = "";
  child.stdout.on("data", (text: Buffer) => (said += text.toString()));
  await until(async () => said.includes("ready"));
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await ended;
  assert.is(fine(await host.enter("cat ~/secrets/late")).stdout, "unsaved\n");
  assert.match(
    fine(await host.tazpod("vault", "ls", "--passphrase-file", host.passphraseFile)).stdout,
    "late",
  );
});

test("a pod that is deleted under a command is reported, and the next one opens what was saved", async () => {
  const host = await Host.make({ remote: await newRemote(), more: settings });
  fine(await host.enter("echo saved > ~/secrets/a"));
  const running = host.enter("echo lost > ~/secrets/b; sleep 600");
  await until(async () => (await host.inside("ls ~/secrets").catch(() => "")).includes("b"));
  const name = (await podOf(host)).split(" ")[0] ?? "";
  await kubectl(["delete", "pod", "-n", space.name, name, "--grace-period=1", "--wait=false"]);
  const done = await running;
  assert.is.not(done.code, 0);
  assert.match(done.stderr, /no longer running/);
  assert.is(fine(await host.enter("cat ~/secrets/a")).stdout, "saved\n");
});

test("`with` runs a command with one part in a pod of its own, which ends with it", async () => {
  const host = await Host.make({ more: settings });
  fine(await host.enter("mkdir ~/secrets/prod; echo p > ~/secrets/prod/key; echo r > ~/secrets/rest"));
  const done = await host.run(
    "with",
    "prod",
    "--",
    "sh",
    "-c",
    "cd ~/secrets; find . -name .tazpod -prune -o -type f -print; cat prod/key; exit 3",
  );
  assert.is(done.code, 3, done.stderr);
  assert.is(done.stdout, "./prod/key\np\n");
  await until(async () => (await pods()).every((pod) => !pod.includes("-with-")));
});

test("ports are forwarded while a command is open, and one that is taken is named", async () => {
  const port = 20_000 + (process.pid % 10_000);
  const host = await Host.make({ more: `${settings}ports: [${port}:8080, "5353:53/udp"]\n` });
  fine(await host.enter("true"));
  const serve = "mkdir -p /tmp/www; echo hello > /tmp/www/a; httpd -p 8080 -h /tmp/www; ";
  const running = host.enter(`${serve}while [ ! -e /tmp/done ]; do sleep 0.2; done`);
  const answer = async (): Promise<string> =>
    fetch(`http://127.0.0.1:${port}/a`)
      .then((response) => response.text())
      .catch(() => "");
  await until(async () => (await answer()) === "hello\n");
  const second = fine(await host.enter("sleep 1"));
  assert.match(second.stderr, new RegExp(`Port 127.0.0.1:${port}:8080/tcp is not forwarded`));
  await host.inside("touch /tmp/done");
  const done = fine(await running);
  assert.match(done.stderr, /5353:53\/udp is not forwarded/);
  assert.is(await answer(), "");
});

test("several projects in one namespace do not touch each other", async () => {
  const hosts = [await Host.make({ more: settings }), await Host.make({ more: settings })];
  await Promise.all(
    hosts.map(async (host, index) => fine(await host.enter(`echo ${index} > ~/secrets/own`))),
  );
  const [one, other] = hosts as [Host, Host];
  fine(await one.run("down"));
  assert.is(fine(await other.enter("cat ~/secrets/own")).stdout, "1\n");
  assert.match(await podOf(other), "Running");
});

test.run();
