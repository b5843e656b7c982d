// needs: docker
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { makeContainer } from "../../lib/engine/make.js";
import { ociEngine } from "../../lib/engine/oci.js";
import type { ContainerSpec } from "../../lib/engine/types.js";
import { newFolder } from "../rig/folder.js";
import { run, testImage, uniqueName } from "../rig/host.js";
import { failure, value } from "../rig/result.js";

const engine = ociEngine("docker");
const names: string[] = [];
const signal = new AbortController().signal;

async function make(change: Partial<ContainerSpec> = {}): Promise<ContainerSpec> {
  const project = change.project ?? (await newFolder("project"));
  const spec = {
    name: uniqueName(),
    project,
    image: testImage,
    user: "tazpod",
    secretsBytes: 8 << 20,
    network: "bridge",
    ports: [],
    mounts: [],
    ...change,
  } as const;
  names.push(spec.name);
  value(await makeContainer(engine, spec, () => undefined, signal));
  return spec;
}

test.after(async () => {
  for (const name of names) await engine.remove(name);
});

test("a container is made, found by its exact name only, and removed", async () => {
  const { name, project } = await make();
  const state = value(await engine.inspect(name));
  assert.is(state.state, "running");
  assert.is(state.state === "running" && state.owner, project);
  assert.is(value(await engine.inspect(name.slice(0, -1))).state, "absent");
  assert.is(state.state === "running" && value(await engine.inspect(state.id.slice(0, 12))).state, "absent");
  value(await engine.remove(name));
  assert.is(value(await engine.inspect(name)).state, "absent");
  value(await engine.remove(name));
});

test("the project is at /workspace, whatever its path holds", async () => {
  const project = join(await newFolder("odd"), 'a b:c,"d');
  await mkdir(project);
  await writeFile(join(project, "here"), "yes");
  const { name } = await make({ project });
  const done = value(await engine.exec(name, ["cat", "/workspace/here"], { user: "tazpod" }));
  assert.is(done.stdout.toString(), "yes");
});

test("the user has no capability and cannot gain one, and no other user reads the RAM folder", async () => {
  const { name } = await make();
  const status = value(
    await engine.exec(name, ["cat", "/proc/self/status"], { user: "tazpod" }),
  ).stdout.toString();
  assert.match(status, /CapEff:\s+0000000000000000/);
  assert.match(status, /NoNewPrivs:\s+1/);
  value(await engine.exec(name, ["sh", "-c", "echo s > ~/secrets/a"], { user: "tazpod" }));
  const other = value(await engine.exec(name, ["cat", "/home/tazpod/secrets/a"], { user: "1234" }));
  assert.is.not(other.code, 0);
});

test("what the RAM folder holds is gone when the container is started again", async () => {
  const { name } = await make();
  value(await engine.exec(name, ["sh", "-c", "echo s > ~/secrets/a"], { user: "tazpod" }));
  await run("docker", ["restart", "--time", "0", name]);
  assert.is(
    value(await engine.exec(name, ["sh", "-c", "ls -A ~/secrets"], { user: "tazpod" })).stdout.toString(),
    "",
  );
});

test("an image that can be pulled from nowhere is a failure that names it", async () => {
  const spec = {
    name: uniqueName(),
    project: await newFolder(),
    image: "localhost:1/no/such:1",
    user: "tazpod",
    secretsBytes: 8 << 20,
    network: "bridge",
    ports: [],
    mounts: [],
  } as const;
  assert.is(
    failure(await makeContainer(engine, spec, () => undefined, signal), "image-unavailable").image,
    spec.image,
  );
  assert.is(value(await engine.inspect(spec.name)).state, "absent");
});

test("a user that the image does not have is named", async () => {
  assert.match(failure(await engine.lookUp(testImage, "nobody-here"), "image-unusable").lacks, "nobody-here");
});

test("a program that is not installed and a daemon that does not answer are told apart", async () => {
  assert.is(
    failure(await ociEngine("docker", "no-such-engine").version(), "engine-unavailable").why,
    "missing",
  );
  const before = process.env["DOCKER_HOST"];
  process.env["DOCKER_HOST"] = "unix:///nowhere/docker.sock";
  try {
    assert.is(failure(await engine.version(), "engine-unavailable").why, "not-answering");
    assert.is(failure(await engine.inspect("x"), "engine-unavailable").why, "not-answering");
  } finally {
    if (before === undefined) delete process.env["DOCKER_HOST"];
    else process.env["DOCKER_HOST"] = before;
  }
});

test.run();
