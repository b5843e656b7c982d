import { test } from "uvu";
import * as assert from "uvu/assert";
import { daemonAddress, remoteOnly } from "../../lib/engine/oci/daemon.js";
import type { Finished } from "../../lib/host/process.js";
import { ok, type Result } from "../../lib/failure/result.js";

async function unasked(): Promise<Result<Finished>> {
  throw new Error("a program was started");
}

const docker = (address: string): Promise<string | undefined> =>
  daemonAddress("docker", unasked, { DOCKER_HOST: address }).then(remoteOnly);

test("DOCKER_HOST decides whether the daemon is remote, without running a program", async () => {
  for (const address of [
    ...["unix:///var/run/docker.sock", "tcp://127.0.0.1:2375", "tcp://localhost:2375", "tcp://[::1]:2375"],
    ...["npipe:////./pipe/docker_engine", "fd://", "nonsense"],
  ])
    assert.is(await docker(address), undefined, address);
  for (const address of [
    "ssh://root@127.0.0.1:22",
    "ssh://box",
    "tcp://10.0.0.5:2376",
    "https://[fe80::1]:1",
    "tcp://127.example:1",
  ])
    assert.is(await docker(address), address);
});

test("a password in the address is removed", async () => {
  assert.is(await docker("ssh://me:hidden@box:22/run/docker.sock"), "ssh://me@box:22/run/docker.sock");
});

test("without DOCKER_HOST the current context decides; without an address the daemon is local", async () => {
  const said = (code: number, text: string) => async (): Promise<Result<Finished>> =>
    ok({ code, signal: undefined, stdout: Buffer.from(text), stderr: "" });
  assert.is(await daemonAddress("docker", said(0, "ssh://box\n"), {}), "ssh://box");
  const local = await daemonAddress("docker", said(0, "unix:///var/run/docker.sock\n"), {});
  assert.equal([local, remoteOnly(local)], ["unix:///var/run/docker.sock", undefined]);
  assert.is(await daemonAddress("docker", said(1, ""), {}), undefined);
});

test("podman's variable is CONTAINER_HOST", async () => {
  assert.is(await daemonAddress("podman", unasked, { CONTAINER_HOST: "ssh://box" }), "ssh://box");
  assert.is(await daemonAddress("podman", unasked, { DOCKER_HOST: "ssh://box" }), undefined);
});

test.run();
