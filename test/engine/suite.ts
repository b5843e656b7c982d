import { randomBytes } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createAndStart, startContainer } from "../../lib/engine/container.js";
import { ociEngine } from "../../lib/engine/oci/engine.js";
import { isRootless } from "../../lib/engine/oci/daemon.js";
import type { ContainerSpec } from "../../lib/engine/engine.js";
import { newFolder } from "../rig/folder.js";
import { run, testImage, uniqueName } from "../rig/host.js";
import { failure, value } from "../rig/result.js";
import { until } from "../rig/until.js";
import { everyEngine, kitOf } from "./every-engine.js";

/** Defines the tests of engines with Docker's command line; the caller runs them. */
export function engineSuite(name: "docker" | "podman", rootless: boolean): void {
  const engine = ociEngine(name);
  const kit = kitOf(engine);
  const { specOf, make, inside, running } = kit;
  const images: string[] = [];
  const signal = new AbortController().signal;
  const left: string[] = [];
  everyEngine(engine, kit, async (container) => {
    assert.is((await run(name, ["stop", container])).code, 0);
  });

  /** An image made by running a script in the test image, as its user. */
  async function changedImage(script: string): Promise<string> {
    const image = `localhost/tazpod-changed-${process.pid}-${images.length}:1`;
    const container = uniqueName();
    left.push(container);
    images.push(image);
    for (const argv of [
      ["run", "--name", container, "--network", "none", testImage, "sh", "-c", script],
      ["commit", container, image],
    ]) {
      const done = await run(name, argv);
      assert.is(done.code, 0, done.stderr);
    }
    return image;
  }

  test.after(async () => {
    for (const container of left) await engine.remove(container);
    for (const image of images) await run(name, ["rmi", "--force", image]);
  });

  test("the engine reports its version and whether it is rootless", async () => {
    assert.match(value(await engine.version()), /^\d+\.\d+/);
    assert.is(await isRootless(name), rootless);
  });

  test("a container's image id equals the id of the image", async () => {
    const spec = await make();
    assert.is((await running(spec)).imageId, value(await engine.imageId(testImage)));
    assert.is(value(await engine.imageId("localhost:1/no/such:1")), undefined);
  });

  test("the state is that of now, also where a shell for scripts was there before", async () => {
    const spec = await make();
    const cli = async (...argv: string[]): Promise<void> =>
      assert.is((await run(name, [...argv, spec.name])).code, 0);
    const state = async (): Promise<string> => value(await engine.inspect(spec.name)).state;
    // the second answer comes from the shell
    const look = async (): Promise<string> => {
      await inside(spec, "true");
      const asked = await running(spec);
      assert.equal(await running(spec), asked);
      return asked.startedAt;
    };
    const first = await look();
    await cli("restart", "--time", "0");
    assert.is.not((await running(spec)).startedAt, first);
    const second = await look();
    // a shell of the container's second start says nothing about its third
    await cli("restart", "--time", "0");
    const third = await look();
    assert.is.not(third, second);
    assert.is((await running(spec)).startedAt, third);
    if (!rootless) {
      await cli("pause");
      assert.is(await state(), "not-ready");
      await cli("unpause");
      assert.is(await look(), third);
    }
    // a program in the container can end the shell
    const ended = await engine.exec(spec.name, ["sh", "-c", "kill -9 $PPID; sleep 5"], { user: spec.user });
    assert.is(value(ended).code, 137);
    assert.is(await look(), third);
    await cli("rm", "--force");
    assert.is(await state(), "absent");
  });

  test("the user has no capabilities and cannot gain any, and other users cannot read the RAM folder", async () => {
    const spec = await make();
    const status = await inside(spec, "cat /proc/self/status");
    assert.match(status, /CapEff:\s+0000000000000000/);
    assert.match(status, /CapBnd:\s+0000000000000000/);
    assert.match(status, /NoNewPrivs:\s+1/);
    assert.match(status, /Seccomp:\s+2/);
    await inside(spec, "echo s > ~/secrets/a");
    for (const user of ["1234", "root"]) {
      const other = value(await engine.exec(spec.name, ["cat", "/home/tazpod/secrets/a"], { user }));
      assert.is.not(other.code, 0, `${user} reads it`);
    }
  });

  test("the RAM folder is private, has the configured size, and is noexec", async () => {
    const spec = await make();
    assert.is(await inside(spec, "stat -c '%a %U %G' ~/secrets"), "700 tazpod tazpod");
    const mount = await inside(spec, "grep ' /home/tazpod/secrets ' /proc/mounts");
    assert.match(mount, /^tmpfs .*\brw,nosuid,nodev,noexec\b.*\bsize=32768k\b/);
  });

  test("the image's files at the path of the RAM folder are not copied into it", async () => {
    const image = await changedImage("mkdir -m 755 ~/secrets && echo old > ~/secrets/left");
    assert.is(await inside(await make({ image }), "ls -A ~/secrets"), "");
  });

  test("the container's user does not see the sealed vault, and a large one stops no restart", async () => {
    const spec = await make({ network: "none" });
    await writeFile(join(spec.project, ".tazpod/vault/vault.tar.aes"), randomBytes(64 << 10));
    if (!rootless) await run("chown", ["-R", "1000:1000", spec.project]);
    assert.is(await inside(spec, "ls -A /workspace/.tazpod/vault"), "");
    assert.is((await run(name, ["stop", spec.name])).code, 0);
    value(await startContainer(engine, spec));
    assert.is(await inside(spec, "ls -A /workspace/.tazpod/vault"), "");
  });

  test("each value of `network` has its effect", async () => {
    const routes = async (network: ContainerSpec["network"]): Promise<string> =>
      inside(await make({ network }), "cat /proc/net/route");
    const isUp = (table: string): boolean => table.split("\n").length > 1;
    assert.not.ok(isUp(await routes("none")));
    const own = await routes("bridge");
    assert.ok(isUp(own));
    assert.is(await routes("host"), (await readFile("/proc/net/route", "utf8")).trimEnd());
    assert.is.not(own, (await readFile("/proc/net/route", "utf8")).trimEnd());
  });

  test("a published port answers on the host, at its address only", async () => {
    const port = 20_000 + (process.pid % 10_000);
    const spec = await make({ ports: [`127.0.0.1:${port}:8080/tcp`] });
    await inside(spec, "cd /tmp && echo hello > a && busybox httpd -p 8080 -h /tmp");
    const answer = async (): Promise<string> => {
      try {
        return (await (await fetch(`http://127.0.0.1:${port}/a`)).text()).trim();
      } catch {
        return "";
      }
    };
    await until(async () => (await answer()) === "hello");
  });

  test("files that the user writes to the project have the right owner on the host", async () => {
    const project = await newFolder("shared");
    const spec = await make({ project, network: "none" });
    // Docker and root's podman use the same user ids inside and outside
    if (!rootless) await run("chown", ["1000:1000", project]);
    await inside(spec, "echo x > /workspace/new");
    const { uid } = await stat(join(project, "new"));
    assert.is(uid, rootless ? process.getuid?.() : 1000);
  });

  test("a user who is root can work in the project and has a RAM folder", async () => {
    const project = await newFolder("of-another");
    await writeFile(join(project, "mine"), "", { mode: 0o600 });
    const spec = await make({ project, user: "root", network: "none" });
    assert.is(await inside(spec, "echo x > /workspace/mine && stat -c '%a %u' /root/secrets"), "700 0");
    if (rootless) assert.is((await stat(join(project, "mine"))).uid, process.getuid?.());
  });

  test("an image that cannot be pulled is a failure that names it", async () => {
    const spec = await specOf({ image: "localhost:1/no/such:1" });
    assert.is(
      failure(await createAndStart(engine, spec, () => undefined, signal), "image-unavailable").image,
      spec.image,
    );
    assert.is(value(await engine.inspect(spec.name)).state, "absent");
  });

  test("a user that the image does not have is a failure that names them", async () => {
    for (const user of ["nobody-here", "nobody-here:tazpod"])
      assert.match(failure(await engine.lookUp(testImage, user), "image-unusable").lacks, "nobody-here");
    const bare = await changedImage("true");
    assert.equal(value(await engine.lookUp(bare, "1000")), { uid: 1000, gid: 1000, home: "/home/tazpod" });
  });
}
