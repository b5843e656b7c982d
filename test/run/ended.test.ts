import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bin, Host } from "../rig/host.js";
import { until } from "../rig/until.js";

test("SIGTERM to tazpod ends the program of a step and its child processes, even those that ignore SIGTERM", async () => {
  const host = await Host.make({ remote: "none" });
  const script = `trap "" TERM; sh -c 'echo $$ > child; while :; do sleep 1; done' >/dev/null 2>&1 & echo $$ > parent; wait`;
  await writeFile(
    host.path("tazpod.tasks.yaml"),
    `version: 1\ntasks: { long: { new: true, cmds: [[sh, -c, ${JSON.stringify(script)}]] } }\n`,
  );
  const child = spawn(process.execPath, [bin, "run", "long"], { cwd: host.folder, stdio: "ignore" });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  await until(async () => existsSync(host.path("child")) && existsSync(host.path("parent")));
  child.kill("SIGTERM");
  assert.is(await ended, 130);
  for (const name of ["parent", "child"]) {
    const pid = (await readFile(host.path(name), "utf8")).trim();
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    assert.match(stat, /^$|\) Z/, name);
  }
});

test.run();
