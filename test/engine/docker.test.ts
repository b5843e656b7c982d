// needs: docker
// time limit: 600 s
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ociEngine } from "../../lib/engine/oci/engine.js";
import { failure } from "../rig/result.js";
import { run } from "../rig/host.js";
import { engineSuite } from "./suite.js";

const info = await run("docker", ["info", "--format", "{{.SecurityOptions}}"]);
engineSuite("docker", info.stdout.includes("rootless"));

test("a daemon that does not answer and a missing program are different failures", async () => {
  assert.is(
    failure(await ociEngine("docker", "no-such-engine").version(), "engine-unavailable").why,
    "missing",
  );
  const engine = ociEngine("docker");
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
