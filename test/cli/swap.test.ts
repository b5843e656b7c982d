// needs: mount namespace
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { DoctorJson } from "../../lib/cli/doctor/doctor.js";
import { newFolder } from "../rig/folder.js";
import { bin, run } from "../rig/host.js";

// The swap that the kernel reports, in a mount namespace that replaces its file.

async function withSwap(lines: string): Promise<DoctorJson["findings"][number] | undefined> {
  const folder = await newFolder();
  const swaps = join(folder, "swaps");
  await writeFile(swaps, `Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n${lines}`);
  const script = 'mount --bind "$0" /proc/swaps && exec "$@"';
  const doctor = [process.execPath, bin, "doctor", "--json"];
  const done = await run("unshare", ["--mount", "sh", "-c", script, swaps, ...doctor], { cwd: folder });
  const { findings } = JSON.parse(done.stdout) as DoctorJson;
  return findings.find(({ check }) => check === "swap");
}

test("a swap file is a warning that tells how to turn it off", async () => {
  const found = await withSwap("/swapfile                               file\t\t2097148\t\t0\t\t-2\n");
  assert.is(found?.verdict, "warning");
  assert.match(found?.reason ?? "", /^\/swapfile: secrets in RAM may be written there/);
  assert.match(found?.todo ?? "", "swapoff -a");
});

test("a host without swap passes the check", async () => {
  assert.is((await withSwap(""))?.verdict, "good");
});

test.run();
