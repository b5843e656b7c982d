// time limit: 900 s
import { existsSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { run } from "../rig/host.js";
import { repository } from "../rig/root.js";
import { skip } from "../rig/skip.js";

const test = suite("memory");
const MiB = 2 ** 20;
const size = 256;
const bound = 100 * MiB;
const keyMaking = { age: 280 * MiB, v1: bound } as const;

interface Used {
  readonly idle: number;
  readonly streaming: number;
  readonly most: number;
}

async function used(folder: string, format: string, what: "seal" | "open"): Promise<Used> {
  const victim = join(repository, "dist/test/fake/memory-victim.js");
  const { stdout, stderr } = await run(process.execPath, [victim, folder, format, String(size), what]);
  assert.is(stderr, "");
  return JSON.parse(stdout) as Used;
}

for (const format of ["age", "v1"] as const) {
  const name = `${format}: sealing and opening ${size} MiB takes less than 100 MiB more than doing nothing, the making of the key apart`;
  if (!existsSync("/proc/self/clear_refs")) {
    skip(test, name, "there is no /proc/self/clear_refs to measure with");
    continue;
  }
  test(name, async () => {
    const folder = await newFolder("memory");
    for (const what of ["seal", "open"] as const) {
      const { idle, streaming, most } = await used(folder, format, what);
      const shown = `${what}: ${[idle, streaming, most].map((bytes) => Math.round(bytes / MiB)).join(", ")} MiB`;
      assert.ok(idle > 20 * MiB && streaming >= idle / 2, shown);
      assert.ok(streaming - idle < bound, shown);
      assert.ok(most - idle < keyMaking[format], shown);
    }
  });
}

test.run();
