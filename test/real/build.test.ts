// needs: docker, script
// time limit: 900 s
import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { Host, removeHosts, run, testImage } from "../rig/host.js";
import { buildTrip } from "./build-trip.js";

// The image built from a project's own Dockerfile, with a real engine and no network.

const hosts: Host[] = [];

async function withDockerfile(text: string, build = "Dockerfile"): Promise<Host> {
  const host = await Host.make({ remote: "none", more: `build: ${build}\nvault: { format: v1 }\n` });
  hosts.push(host);
  await writeFile(host.path("Dockerfile"), text);
  return host;
}

test.after(async () => {
  await removeHosts();
  for (const { container } of hosts) {
    const names = ["--format", "{{.Repository}}:{{.Tag}}", `tazpod-build-${container}`];
    const images = await run("docker", ["image", "ls", ...names]);
    for (const name of images.stdout.split("\n").filter(Boolean)) await run("docker", ["rmi", name]);
  }
});

buildTrip(withDockerfile);

test("a failed build shows the end of its output and what to correct, and creates no container", async () => {
  const host = await withDockerfile(
    `FROM ${testImage}\nRUN echo first && echo the-reason >&2 && exit 7\nRUN echo never\n`,
  );
  const done = await host.enter("true");
  assert.is(done.code, 1, done.stderr);
  assert.match(done.stderr, /The image could not be built from Dockerfile:\n[^]*the-reason/);
  assert.match(done.stderr, /7/);
  assert.match(done.stderr, /Fix Dockerfile, which `build` in \.tazpod\/config\.yaml names\./);
  assert.is.not((await run("docker", ["container", "inspect", host.container])).code, 0);
});

test("a missing Dockerfile stops enter with what to correct, and the old container is kept", async () => {
  const host = await withDockerfile(`FROM ${testImage}\n`);
  assert.is((await host.enter("true")).code, 0);
  const id = await host.id();
  await writeFile(
    host.path(".tazpod", "config.yaml"),
    `container_name: ${host.container}\nremote: none\nbuild: Dockerfile.gone\n`,
  );
  const done = await host.run("recreate-container");
  assert.is(done.code, 3, done.stderr);
  assert.match(done.stderr, /`build` in \.tazpod\/config\.yaml: there is no file Dockerfile\.gone/);
  assert.is(await host.id(), id);
  const doctor = await host.tazpod("doctor");
  assert.match(doctor.stdout, /! image +.*there is no file Dockerfile\.gone/);
});

test("on a terminal, a changed Dockerfile is offered before the vault, and the build's output is shown line by line", async () => {
  const host = await withDockerfile(`FROM ${testImage}\nRUN echo one > /tmp/which\n`);
  assert.is((await host.enter("true")).code, 0);
  await writeFile(host.path("Dockerfile"), `FROM ${testImage}\nRUN echo two > /tmp/which\n`);
  const pty = host.pty();
  await pty.expect("Recreate it? Files in it that are not in the project are lost. [y/N]");
  pty.line("y");
  await pty.expect(/Step \d\/\d|FROM|building/);
  await pty.expect("Unlock the vault? [Y/n]");
  pty.line("n");
  await pty.expect("$ ");
  pty.line("cat /tmp/which; exit");
  await pty.expect("two");
  assert.is(await pty.ended, 0, pty.screen);
});

test.run();
