import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { repository } from "../rig/root.js";

/** The drivers of a room have the same files; engine.ts is also the name of the interface they implement. */
const drivers: readonly (readonly string[])[] = [
  ["engine", "engine/oci", "engine/namespace", "engine/process", "engine/kubernetes"],
  ["remote/s3", "remote/file"],
];

function mayShare(folders: readonly string[]): boolean {
  return drivers.some((group) => folders.every((folder) => group.includes(folder)));
}

test("no two files of lib share a name, except those of a room's drivers", async () => {
  const files = (await readdir(join(repository, "lib"), { recursive: true })).filter(
    (file) => file.endsWith(".ts") && !file.startsWith("generated/"),
  );
  const folders = new Map<string, string[]>();
  for (const file of files)
    folders.set(basename(file), [...(folders.get(basename(file)) ?? []), dirname(file)]);
  const shared = [...folders].filter(([, found]) => found.length > 1 && !mayShare(found));
  assert.equal(shared, []);
});

test.run();
