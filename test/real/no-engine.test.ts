// needs: process, script, other users
import { mkdir, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bin, type Ended, Host, quick, removeHosts, run } from "../rig/host.js";
import { Pty } from "../rig/pty.js";

// A host without isolation: Docker and podman do not answer, and namespaces are forbidden.

test.after(removeHosts);

// A process that may not create namespaces, as in an ordinary container: a user namespace that forbids further ones.
const forbids = ["sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh"];
const inNamespace = ["unshare", "--user", "--map-root-user", ...forbids];
const [unshare = "", ...trial] = [...inNamespace, "true"];
const canForbid = await run(unshare, trial).then(
  ({ code }) => code === 0,
  () => false,
);
const confined = [...(canForbid ? inNamespace : []), process.execPath, bin];

async function bareHost(more = quick): Promise<Host> {
  const host = await Host.make({ more });
  const nowhere = { DOCKER_HOST: "unix:///nowhere/docker.sock", CONTAINERS_CONF: "/nowhere" };
  Object.assign(host.env, { TAZPOD_ENGINE: "", ...nowhere });
  return host;
}

function tazpod(host: Host, ...args: string[]): Promise<Ended> {
  const [program = "", ...rest] = confined;
  return run(program, [...rest, ...args], { cwd: host.folder, env: host.env });
}

const answered = (host: Host): string[] => ["--yes", "--passphrase-file", host.passphraseFile];

const enter = (host: Host, script: string): Promise<Ended> =>
  tazpod(host, ...answered(host), "enter", "--", "sh", "-c", script);

const onTerminal = (host: Host, ...args: string[]): Pty =>
  new Pty([...confined, ...answered(host), ...args], { cwd: host.folder, env: host.env });

const question =
  /No engine works here .*Docker is not .*Linux namespaces are not available.*Use a plain process.*nothing is isolated/s;

test("--yes does not accept plain processes, and the message says what does", async () => {
  const host = await bareHost();
  const { code, stderr } = await enter(host, "echo ran");
  assert.is(code, 4, stderr);
  assert.match(stderr, question);
  assert.match(stderr, /TAZPOD_ENGINE=process, or `engine: process` in \.tazpod\/config\.yaml/);
});

test("on a terminal the default answer is no, and then nothing is started", async () => {
  const host = await bareHost();
  const pty = onTerminal(host, "enter");
  await pty.expect("[y/N]");
  assert.match(pty.screen.replaceAll(/\s+/g, " "), question);
  pty.line("");
  assert.is.not(await pty.ended, 0, pty.screen);
  assert.match((await tazpod(host, "status")).stdout, /- container /);
});

test("a yes is remembered until down, and then asked for again", async () => {
  const host = await bareHost();
  const made = onTerminal(host, "enter", "--", "sh", "-c", "echo s > ~/secrets/key");
  await made.expect("[y/N]");
  made.line("y");
  assert.is(await made.ended, 0, made.screen);
  assert.match(made.screen, /nothing is isolated/);
  const again = await enter(host, "cat ~/secrets/key");
  assert.is(again.stdout, "s\n", again.stderr);
  assert.is((await tazpod(host, "down")).code, 0);
  assert.is((await enter(host, "echo ran")).code, 4);
});

test("an engine that is named asks no question and has no fallback, and a plan shows the question", async () => {
  const host = await bareHost();
  const plan = await tazpod(host, "plan", "enter");
  assert.match(plan.stdout, /\+ use-processes +No engine works here/);
  host.env["TAZPOD_ENGINE"] = "process";
  assert.is((await enter(host, "echo ran")).stdout, "ran\n");
  const named = await bareHost(`${quick}engine: docker\n`);
  const { code, stderr } = await enter(named, "echo ran");
  assert.is(code, 3);
  assert.match(stderr, /Docker is not (answering|installed)/);
  assert.not.match(stderr, /plain process/);
});

test("an engine that does not answer does not count as having no container while a vault is recorded as open", async () => {
  const host = await bareHost();
  await mkdir(host.state(), { recursive: true, mode: 0o700 });
  await writeFile(host.state("open.json"), '{"version":1,"run":"x y"}\n');
  const { code, stderr } = await tazpod(host, "lock");
  assert.is.not(code, 0);
  assert.match(stderr, /Could not tell whether/);
});

test.run();
