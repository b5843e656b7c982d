import { homedir } from "node:os";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { completeConfig } from "../../lib/project/config.js";

test("an empty config has a bridge for .aws, the host's agent and git identity, and nothing else", () => {
  const { bridges, ports, mounts, env, ssh, git } = completeConfig({}, "/p");
  assert.equal(
    { bridges, ports, mounts, env, ssh, git },
    { bridges: [".aws"], ports: [], mounts: [], env: {}, ssh: "auto", git: "identity" },
  );
});

test("a port without an address is published on this host's loopback only", () => {
  const { ports } = completeConfig(
    { ports: [8080, "8080", "53/udp", "3000:80", "0.0.0.0:53:53/udp", "[::1]:1:2"] },
    "/p",
  );
  assert.equal(ports, [
    "127.0.0.1:8080:8080/tcp",
    "127.0.0.1:53:53/udp",
    "127.0.0.1:3000:80/tcp",
    "0.0.0.0:53:53/udp",
    "[::1]:1:2/tcp",
  ]);
});

test("the source of a mount is below the home, from the project's folder, or absolute", () => {
  const sources = ["~", "~/a", "../a", "~a", "/a/../b"];
  const { mounts } = completeConfig(
    { mounts: sources.map((source) => ({ source, target: "/x" })) },
    "/srv/p",
  );
  assert.equal(
    mounts.map(({ source }) => source),
    [homedir(), `${homedir()}/a`, "/srv/a", "/srv/p/~a", "/b"],
  );
  assert.is(mounts[0]?.readOnly, false);
});

test("a bridge below another one is dropped", () => {
  const { bridges } = completeConfig({ bridges: [".config/gcloud", ".config", ".configs", ".config"] }, "/p");
  assert.equal(bridges, [".config", ".configs"]);
});

test("variables become strings", () => {
  assert.equal(completeConfig({ env: { A: 1, B: true, C: "c" } }, "/p").env, { A: "1", B: "true", C: "c" });
});

test.run();
