// needs: docker
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { Host, removeHosts, run } from "../rig/host.js";

test.after(removeHosts);

test("a container has a process limit, and a memory limit if one is set", async () => {
  const more = "engine: docker\nlimits: { processes: 64, memory: 256m }\nvault: { format: v1 }\n";
  const host = await Host.make({ remote: "none", more });
  host.env["TAZPOD_ENGINE"] = "docker";
  const done = await host.enter("for i in $(seq 100); do sleep 5 & done; wait");
  assert.match(done.stderr, /fork/i);
  const format = "{{.HostConfig.PidsLimit}} {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}";
  const { stdout } = await run("docker", ["inspect", "--format", format, host.container]);
  assert.is(stdout.trim(), `64 ${256 * 1024 ** 2} ${256 * 1024 ** 2}`);
});

test("the default limit is 4096 processes", async () => {
  const host = await Host.make({ remote: "none", more: "engine: docker\n" });
  host.env["TAZPOD_ENGINE"] = "docker";
  assert.is((await host.run("ensure-container")).code, 0);
  const { stdout } = await run("docker", [
    "inspect",
    "--format",
    "{{.HostConfig.PidsLimit}}",
    host.container,
  ]);
  assert.is(stdout.trim(), "4096");
});

test.run();
