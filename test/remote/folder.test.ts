import { randomUUID } from "node:crypto";
import { watch, writeFileSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fileRemote } from "../../lib/remote/file/remote.js";
import { addToSidecar, readSidecar, sidecarPath } from "../../lib/remote/file/sidecar.js";
import { conditionHolds, requireKnown } from "../../lib/remote/presence.js";
import type { Remote, RemoteObject, WriteCondition } from "../../lib/remote/remote-types.js";
import { Failed, ok } from "../../lib/failure/result.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";
import { sha256Of } from "../rig/sha256.js";

// What a folder as the remote promises: conditional writes, notes of who wrote, and a history.

interface Scene {
  readonly remote: Remote;
  readonly disk: string;
  readonly path: string;
  readonly write: (
    text: string,
    condition: WriteCondition,
    host?: string,
  ) => Promise<{ readonly state: string }>;
  /** The object that is there; throws if there is none. */
  readonly object: () => Promise<RemoteObject>;
}

async function scene(below = ""): Promise<Scene> {
  const disk = await newFolder("disk");
  const path = join(disk, below, "v");
  const remote = fileRemote(`file://${path}`, { limits: { connect: 300, stall: 300 } });
  return {
    ...{ remote, disk, path },
    write: async (text, condition, host = "a") => {
      const from = join(await newFolder(), "vault");
      await writeFile(from, text);
      const metadata = { host, writeId: randomUUID(), generation: 1, sha256: await sha256Of(from) };
      return value(await remote.upload({ from, metadata, condition }));
    },
    object: async () => {
      const found = requireKnown(await remote.head());
      if (found.state === "absent") throw new Error("there is none");
      return found.object;
    },
  };
}

test("a condition holds for nothing, or for exactly the version that it names", () => {
  const object = { etag: "1", bytes: 1, modified: new Date() };
  assert.ok(conditionHolds({ state: "absent" }, "absent"));
  assert.not.ok(conditionHolds({ state: "present", object }, "absent"));
  assert.ok(conditionHolds({ state: "present", object }, { replaces: "1" }));
  assert.not.ok(conditionHolds({ state: "present", object }, { replaces: "2" }));
  assert.not.ok(conditionHolds({ state: "absent" }, { replaces: "1" }));
});

test("a write replaces only the version that it names, and a refused one leaves everything as it was", async () => {
  const { disk, path, write, object } = await scene();
  assert.is((await write("one", "absent")).state, "written");
  const first = await object();
  const before = await readdir(disk);
  for (const condition of ["absent", { replaces: "other" }] as const)
    assert.is((await write("two", condition, "b")).state, "refused");
  assert.is(await readFile(path, "utf8"), "one");
  assert.equal(await object(), first);
  assert.equal(await readdir(disk), before);
  assert.is((await write("two", { replaces: first.etag }, "b")).state, "written");
  assert.is(await readFile(path, "utf8"), "two");
  assert.is((await object()).host, "b");
  await rm(path);
  assert.is((await write("three", { replaces: first.etag })).state, "refused");
});

test("a file that another program makes after the look is not replaced by a first write", async () => {
  const { disk, path, write } = await scene();
  // the note is written after the look and before the file, with several operations in between
  const watcher = watch(disk, (_, name) => {
    if (join(disk, name ?? "") === sidecarPath(path)) writeFileSync(path, "theirs");
  });
  assert.is((await write("one", "absent")).state, "refused");
  watcher.close();
  assert.is(await readFile(path, "utf8"), "theirs");
});

test("the notes name the writer of the file and of the one before, also after a write that was killed", async () => {
  const { path, write, object } = await scene();
  await write("one", "absent", "first");
  const { etag } = await object();
  // killed between its note and its file
  await addToSidecar(path, "never there", { host: "killed" });
  assert.is((await object()).host, "first");
  await write("two", { replaces: etag }, "second");
  assert.is((await readSidecar(path, etag)).host, "first");
  assert.is((await object()).host, "second");
});

test("what another program wrote has no writer, and a writer's name has no escapes", async () => {
  const { path, write, object } = await scene();
  await write("one", "absent", "evil\u001b[31mred");
  assert.not.match((await object()).host ?? "", "\u001b");
  await writeFile(path, "by another program");
  const { host, writeId, sha256 } = await object();
  assert.equal([host, writeId, sha256], [undefined, undefined, await sha256Of(path)]);
});

test("a folder that is missing leaves it unknown what is there", async () => {
  const { remote } = await scene("unmounted");
  assert.throws(
    () => requireKnown({ state: "unknown", failure: { kind: "remote-absent", url: "x" } }),
    (error: unknown) => error instanceof Failed,
  );
  const found = await remote.head();
  assert.match(found.state === "unknown" ? JSON.stringify(found.failure) : found.state, "does not exist");
});

test("a file that changes while it is downloaded is not taken", async () => {
  const { remote, path, write } = await scene();
  await write("one", "absent");
  const done = await remote.download({
    write: async () => ok(undefined),
    inspect: () => {
      // in place, so that it is the same open file
      writeFileSync(path, "two");
      return ok(undefined);
    },
  });
  assert.match(JSON.stringify(failure(done, "remote-unavailable")), "it changed while it was read");
});

test("the history keeps the version that was meant, with its writer, and removes nothing else", async () => {
  const { remote, disk, write, object } = await scene();
  await write("one", "absent", "first");
  const meant = await object();
  assert.equal(value(await remote.history.keep({ object: { ...meant, etag: "other" } })), {
    state: "changed",
  });
  assert.equal(await readdir(join(disk, "history")), []);
  const kept = value(await remote.history.keep({ object: meant }));
  const name = kept.state === "kept" ? kept.name : "";
  const copy = requireKnown(await remote.history.head(name));
  assert.is(copy.state === "present" && copy.object.host, "first");
  let refused = false;
  await remote.history.remove(["../v"]).catch(() => (refused = true));
  assert.ok(refused);
  assert.is((await object()).etag, meant.etag);
});

test.run();
