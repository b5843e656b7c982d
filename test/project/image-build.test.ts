import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { equal } from "../rig/equal.js";
import { loadProject } from "../../lib/project/load-project.js";
import type { Project } from "../../lib/project/project.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";

// How `build` in the config is read. Needs no engine.

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await newFolder("lab");
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

async function loaded(config: string, files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const more = { ".tazpod/config.yaml": `container_name: Lab_1\n${config}\n`, ...files };
  return value(await loadProject(await folderWith(more)));
}

const dockerfile = { ".devcontainer/Dockerfile": "FROM a\n" };

test("a path is a Dockerfile's or its folder's, and the context is that folder", async () => {
  for (const config of [
    "build: .devcontainer/Dockerfile",
    "build: .devcontainer",
    "build: ./.devcontainer/",
  ]) {
    const { root, build, config: found } = await loaded(config, dockerfile);
    equal(build && value(build), {
      dockerfile: ".devcontainer/Dockerfile",
      text: "FROM a\n",
      context: join(root, ".devcontainer"),
      args: {},
    });
    assert.match(found.image, /^tazpod-build-lab-1:[0-9a-f]{16}$/);
  }
});

test("a map can set context, arguments and stage", async () => {
  const config =
    "build: { dockerfile: .devcontainer/Dockerfile, context: ., args: { A: 1, B: x }, target: dev }";
  const { root, build } = await loaded(config, dockerfile);
  const { context, args, target } = value(build ?? failedToLoad);
  equal([context, args, target], [root, { A: "1", B: "x" }, "dev"]);
});

test("the image's name changes only with the Dockerfile, an argument or the stage", async () => {
  const image = async (config: string, text = "FROM a\n"): Promise<string> =>
    (await loaded(config, { Dockerfile: text })).config.image;
  const first = await image("build: Dockerfile");
  assert.is(await image("build: { context: . }"), first);
  const others = [
    await image("build: Dockerfile", "FROM b\n"),
    await image("build: { context: ., args: { A: 1 } }"),
    await image("build: { context: ., target: dev }"),
  ];
  assert.is(new Set([first, ...others]).size, 4);
});

test("a missing or too large file, or one outside the project, is not read, but the project loads", async () => {
  const folder = await folderWith({
    ".tazpod/config.yaml": "build: Dockerfile\n",
    ".devcontainer/x": "",
    large: "#".repeat(1024 * 1024 + 1),
  });
  await symlink("/etc/passwd", join(folder, "passwd"));
  await symlink("/etc", join(folder, "etc"));
  const cases: readonly (readonly [string, string])[] = [
    ["build: Dockerfile", "there is no file Dockerfile"],
    ["build: .devcontainer", "there is no file .devcontainer/Dockerfile"],
    ["build: large", "large is larger than 1 MiB"],
    ["build: passwd", "passwd leads out of the project"],
    ["build: etc/passwd", "etc/passwd leads out of the project"],
    ["build: { dockerfile: .devcontainer/x, context: etc }", "etc leads out of the project"],
    ["build: { dockerfile: .devcontainer/x, context: large }", "large is not a folder"],
  ];
  for (const [config, detail] of cases) {
    await writeFile(join(folder, ".tazpod/config.yaml"), `${config}\n`);
    const { build, config: found } = value(await loadProject(folder));
    assert.is(failure(build ?? failedToLoad, "setting-unusable").detail, detail);
    assert.match(found.image, /:unusable$/);
  }
});

test("a path outside the project and a misspelt key are mistakes in the config", async () => {
  for (const [config, message] of [
    ["build: ../Dockerfile", /expected a path below the project's folder/],
    ["build: /srv/Dockerfile", /expected a path below the project's folder/],
    ["build: { context: a/../../b }", /expected a path below the project's folder/],
    ["build: { dockerfil: x }", /unknown key "dockerfil"/],
    ["build: { context: ., cache: x }", /unknown key "cache"/],
  ] as const) {
    const folder = await folderWith({ ".tazpod/config.yaml": `${config}\n` });
    const { problems } = failure(await loadProject(folder), "invalid-document");
    assert.match(problems[0]?.message ?? "", message);
  }
});

test("a build of the Go command line is ignored with a note, and so is an image next to a build", async () => {
  const go = await loaded("image: x\nbuild: { packages: [vim] }");
  assert.is(go.build, undefined);
  assert.is(go.config.image, "x");
  assert.match(go.config.notes.join(), /build has no effect/);
  const both = await loaded("image: x\nbuild: .devcontainer", dockerfile);
  assert.match(both.config.image, /^tazpod-build/);
  assert.match(both.config.notes.join(), /image has no effect/);
});

const failedToLoad = { ok: false, failure: { kind: "usage", message: "no build" } } as const;

test.run();
