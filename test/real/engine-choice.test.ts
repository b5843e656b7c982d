// needs: docker, namespace, script
import { chown, mkdir, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Host, quick, removeHosts } from "../rig/host.js";
import { withVault } from "../rig/with-vault.js";

// Which engine is used if none is named.

test.after(removeHosts);

const nobody = { TAZPOD_ENGINE: "", DOCKER_HOST: "unix:///nowhere/docker.sock", CONTAINERS_CONF: "/nowhere" };

test("auto explains why earlier engines are unavailable, and keeps using the engine that created the container", async () => {
  const host = await withVault("none", undefined, quick);
  await host.tazpod("down");
  Object.assign(host.env, nobody);
  // root runs nothing in a namespace: the owner of the project does
  if (process.getuid?.() === 0) await chown(host.folder, 1000, 1000);
  const made = await host.enter("echo new > ~/secrets/new; ls ~/secrets");
  assert.is(made.code, 0, made.stderr);
  assert.match(
    made.stderr,
    /uses the engine namespace, because:\n +docker: Docker is not (answering|installed)/,
  );
  assert.match(made.stderr, /^ +podman: /m);
  const again = await host.enter("cat ~/secrets/new");
  assert.is(again.stdout, "new\n", again.stderr);
  assert.not.match(again.stderr, /uses the engine/);
});

test("an unknown engine name is refused, with the known names", async () => {
  const host = await Host.make({});
  host.env["TAZPOD_ENGINE"] = "lxc";
  const { code, stderr } = await host.tazpod("status");
  assert.is(code, 2);
  assert.match(
    stderr,
    /TAZPOD_ENGINE is "lxc".*\n +Known: docker, podman, namespace, process, kubernetes, auto\./,
  );
});

test("the engine that created the container is not skipped because it does not answer", async () => {
  const host = await Host.make({ more: quick });
  await mkdir(host.state(), { recursive: true });
  await writeFile(host.state("engine"), "docker\n");
  Object.assign(host.env, nobody);
  const { code, stderr } = await host.run("ensure-container");
  assert.is(code, 3);
  assert.match(stderr, /Docker is not (answering|installed)/);
});

test.run();
