import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ociEngine } from "../../lib/engine/oci/engine.js";
import { parseInspect } from "../../lib/engine/oci/inspect-container.js";
import { removeVolume } from "../../lib/engine/oci/volume.js";
import { failureText } from "../../lib/failure/explain.js";
import { ok } from "../../lib/failure/result.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";

// What an engine says about a container, in its own words.

const inspected = (Status: string, Name = "/lab") =>
  JSON.stringify([
    { Id: "1", Name, Image: "i", State: { Status, StartedAt: "t" }, Config: { Labels: null } },
  ]);
const done = (stdout: string, code = 0, stderr = "") => ({
  ...{ code, stdout: Buffer.from(stdout), stderr },
  signal: undefined,
});

test("only a container without a process counts as stopped", () => {
  for (const [reported, state] of Object.entries({
    running: "running",
    created: "stopped",
    exited: "stopped",
    dead: "stopped",
    paused: "not-ready",
    restarting: "not-ready",
    "something new": "not-ready",
  }))
    assert.is(value(parseInspect("docker", "lab", done(inspected(reported)))).state, state, reported);
});

test("a container that was found by the beginning of its id is none, and neither is one of a longer name", () => {
  for (const name of ["/1234", "/lab-2"])
    assert.is(value(parseInspect("docker", "lab", done(inspected("running", name)))).state, "absent", name);
});

test("only the engine's word that there is no such container counts as its absence", () => {
  assert.is(
    value(parseInspect("docker", "lab", done("[]", 1, "Error: No such container: lab"))).state,
    "absent",
  );
  failure(
    parseInspect("docker", "lab", done("", 1, "Cannot connect to the Docker daemon")),
    "command-failed",
  );
  failure(parseInspect("docker", "lab", done("", 1, "")), "command-failed");
});

test("an empty or cut answer is a failure that names the command, and neither an absent container nor an image", async () => {
  const cut = inspected("running").slice(0, -20);
  for (const answer of ["", "\n", cut, "{}", "[{}]"])
    assert.match(
      failureText(failure(parseInspect("docker", "lab", done(answer)), "answer-unreadable")),
      /^docker's answer to `container inspect lab` cannot be read/,
      answer,
    );
  const silent = join(await newFolder(), "docker");
  await writeFile(silent, "#!/bin/sh\n", { mode: 0o755 });
  const engine = ociEngine("docker", silent);
  failure(await engine.imageId("alpine"), "answer-unreadable");
  failure(await engine.inspect("lab"), "answer-unreadable");
});

test("a volume whose labels cannot be read is a failure, and is not removed; one without labels is another's", async () => {
  const asked: string[] = [];
  const answers = (labels: string) => async (argv: readonly string[]) => {
    asked.push(argv.slice(0, 2).join(" "));
    return ok(done(labels));
  };
  const whose = { name: "lab", project: "/here" };
  for (const cut of ["", "[]", '{"tazpod'])
    assert.match(
      failureText(failure(await removeVolume(answers(cut), whose), "answer-unreadable")),
      /`volume inspect .* lab-workspace` cannot be read/,
    );
  value(await removeVolume(answers("null"), whose));
  assert.not.ok(asked.includes("volume rm"));
});

test.run();
