import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadProject } from "../../lib/project/load-project.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";

async function load(kubernetes: string): ReturnType<typeof loadProject> {
  const folder = await newFolder("project");
  await mkdir(join(folder, ".tazpod"));
  await writeFile(join(folder, ".tazpod", "config.yaml"), `kubernetes: ${kubernetes}\n`);
  return loadProject(folder);
}

test("quantities are written as in Kubernetes", async () => {
  const given = "{ requests: { cpu: 500m, memory: 1.5Gi, example.com/gpu: 2 }, limits: { memory: 1e9 } }";
  const { requests, limits } = value(await load(given)).config.kubernetes;
  assert.equal(requests, { cpu: "500m", memory: "1.5Gi", "example.com/gpu": "2" });
  assert.equal(limits, { memory: "1000000000" });
});

test("a value that is no quantity is refused", async () => {
  for (const [given, wrong] of [
    ["{ requests: { cpu: many } }", '"many"'],
    ["{ requests: { memory: 2 GiB } }", '"2 GiB"'],
    ["{ requests: { cpu: -1 } }", "-1"],
    ["{ limits: { cpu: true } }", "true"],
    ["{ workspace: { size: 10.5.5Gi } }", '"10.5.5Gi"'],
  ] as const) {
    const [problem] = failure(await load(given), "invalid-document").problems;
    assert.match(problem?.message ?? "", /a quantity/);
    assert.ok(problem?.message.includes(wrong), problem?.message);
  }
});

test.run();
