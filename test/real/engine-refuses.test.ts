// needs: docker
// time limit: 900 s
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { emptyRegistry } from "../fake/empty-registry.js";
import { bin, Host, removeHosts, run, text } from "../rig/host.js";
import { repository } from "../rig/root.js";

// What the engine, the image or another shell reports before a vault is opened.

const images: string[] = [];

async function brokenImage(...flags: string[]): Promise<string> {
  const name = `tazpod-broken-${process.pid}-${images.length}:1`;
  images.push(name);
  const made = await run(`${repository}images/test-image.sh`, [name, ...flags]);
  assert.is(made.code, 0, made.stderr);
  return name;
}

async function withImage(image: string, more = ""): Promise<Host> {
  const host = await Host.make({ remote: "none", more });
  const config = host.path(".tazpod", "config.yaml");
  await writeFile(config, (await text(config)).replace(/^image: .*$/m, `image: ${image}`));
  return host;
}

test.after(async () => {
  await removeHosts();
  for (const image of images) await run("docker", ["rmi", "--force", image]);
});

test("an image without tar, without sh or without the user is refused, what is missing is named, and no container is left", async () => {
  for (const [flags, expected] of [
    [["--without", "tar"], /lacks tar/],
    [["--without", "sh"], /lacks sh/],
  ] as const) {
    const host = await withImage(await brokenImage(...flags));
    const done = await host.enter("true");
    assert.is(done.code, 3, done.stderr);
    assert.match(done.stderr, expected);
    assert.is.not((await run("docker", ["container", "inspect", host.container])).code, 0);
  }
  const host = await Host.make({ remote: "none" });
  const config = host.path(".tazpod", "config.yaml");
  await writeFile(config, (await text(config)).replace("user: tazpod", "user: nobody-here"));
  const done = await host.enter("true");
  assert.is(done.code, 3, done.stderr);
  assert.match(done.stderr, /lacks the user nobody-here/);
});

test("an image that does not exist: enter names `image:` and `build:`, and the doctor reports it beforehand", async () => {
  const registry = await emptyRegistry();
  const host = await withImage(`${registry.address}/nothing:1`);
  const hint = /Set `image` in \.tazpod\/config\.yaml to one that exists .*, or `build` to a Dockerfile\./;
  const doctor = await host.tazpod("doctor");
  assert.is(doctor.code, 3, doctor.stdout);
  assert.match(
    doctor.stdout,
    /! image +The image .*nothing:1 is not on this machine and could not be pulled/,
  );
  assert.match(doctor.stdout, hint);
  const done = await host.enter("true");
  assert.is(done.code, 1, done.stderr);
  assert.match(done.stderr, /manifest unknown/);
  assert.match(done.stderr, hint);
  await registry.close();
  const unreachable = await host.tazpod("doctor");
  assert.match(unreachable.stdout, /- image +The image .*\n +Check the network\./);
});

test("ghost_mode: false is refused, with what to set", async () => {
  const host = await Host.make({ remote: "none" });
  const config = host.path(".tazpod", "config.yaml");
  await writeFile(config, (await text(config)).replace("ghost_mode: true", "ghost_mode: false"));
  const done = await host.enter("true");
  assert.is(done.code, 3);
  assert.match(done.stderr, /Set `ghost_mode: true`/);
});

test("an engine that does not answer and one that is not installed have different messages, each with what to do", async () => {
  const host = await Host.make({ remote: "none" });
  const down = await run(process.execPath, [bin, "enter", "--yes"], {
    cwd: host.folder,
    env: { DOCKER_HOST: "unix:///nowhere/docker.sock" },
  });
  assert.is(down.code, 3);
  assert.match(down.stderr, /Docker is not answering.*\n.*systemctl start docker/);
  const missing = await run(process.execPath, [bin, "enter", "--yes"], {
    cwd: host.folder,
    env: { PATH: "/nowhere" },
  });
  assert.is(missing.code, 3);
  assert.match(missing.stderr, /Docker is not installed.*\n.*apt-get install docker\.io/);
});

test("a second shell joins the open vault, and the first one to exit does not lock it", async () => {
  const host = await Host.make({ remote: "none" });
  const args = ["enter", "--yes", "--passphrase-file", host.passphraseFile, "--", "sh", "-c", "echo in; cat"];
  const first = spawn(process.execPath, [bin, ...args], {
    cwd: host.folder,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => first.once("close", resolve));
  await new Promise((resolve) => first.stdout.once("data", resolve));
  const second = await host.tazpod("enter", "--", "sh", "-c", "echo from-second > ~/secrets/second");
  assert.is(second.code, 0, second.stderr);
  assert.match(await host.secrets(), "second");
  first.stdin.end();
  assert.is(await ended, 0);
  assert.is(await host.secrets(), "");
  assert.is((await host.enter("cat ~/secrets/second")).stdout, "from-second\n");
});

test("a killed tazpod does not count as a shell: the next one finds the vault open, saves and locks it", async () => {
  const host = await Host.make({ remote: "none" });
  const args = [
    "enter",
    "--yes",
    "--passphrase-file",
    host.passphraseFile,
    "--",
    "sh",
    "-c",
    "echo k > ~/secrets/k; echo in; cat",
  ];
  const killed = spawn(process.execPath, [bin, ...args], {
    cwd: host.folder,
    stdio: ["pipe", "pipe", "ignore"],
  });
  await new Promise((resolve) => killed.stdout.once("data", resolve));
  killed.kill("SIGKILL");
  await new Promise((resolve) => killed.once("close", resolve));
  assert.match(await host.secrets(), "k");
  const next = await host.enter("cat ~/secrets/k");
  assert.is(next.code, 0, next.stderr);
  assert.is(next.stdout, "k\n");
  assert.is(await host.secrets(), "");
  assert.is((await host.enter("cat ~/secrets/k")).stdout, "k\n");
});

test.run();
