// needs: docker
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ociEngine } from "../../lib/engine/oci/engine.js";
import type { Engine } from "../../lib/engine/engine.js";
import { cachedImageUser } from "../../lib/engine/image-user-cache.js";
import { newFolder } from "../rig/folder.js";
import { testImage } from "../rig/host.js";
import { failure, value } from "../rig/result.js";

let asked = 0;
const docker = ociEngine("docker");
const engine: Engine = {
  ...docker,
  lookUp: (image, user) => {
    asked++;
    return docker.lookUp(image, user);
  },
};

const image = async () => ({ name: testImage, id: value(await docker.imageId(testImage)) });

test("a user is looked up once per image, and a missing one each time", async () => {
  const state = (process.env["XDG_STATE_HOME"] = await newFolder("state"));
  const first = value(await cachedImageUser(engine, await image(), "tazpod"));
  assert.equal(first, { uid: 1000, gid: 1000, home: "/home/tazpod" });
  assert.equal(value(await cachedImageUser(engine, await image(), "tazpod")), first);
  assert.is(asked, 1);
  for (const _ of [1, 2])
    assert.match(
      failure(await cachedImageUser(engine, await image(), "nobody-here"), "image-unusable").lacks,
      "nobody-here",
    );
  assert.is(asked, 3);
  await writeFile(join(state, "tazpod", "users.json"), '[{"imageId":1}, "?"] ');
  assert.equal(value(await cachedImageUser(engine, await image(), "tazpod")), first);
  assert.is(asked, 4);
});

test("if the cache cannot be written, the user is looked up", async () => {
  const folder = await newFolder("state");
  process.env["XDG_STATE_HOME"] = folder;
  await mkdir(join(folder, "tazpod"));
  await mkdir(join(folder, "tazpod", "users.json"));
  for (const _ of [1, 2]) value(await cachedImageUser(engine, await image(), "tazpod"));
  assert.is(asked, 6);
});

test.run();
