import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { failureText } from "../../lib/failure/explain.js";
import { loadProject } from "../../lib/project/load-project.js";
import { newFolder } from "../rig/folder.js";
import { value } from "../rig/result.js";

// .tazpod/config.local.yaml: settings of this host over those of the project.

async function projectWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await newFolder("project");
  await mkdir(join(folder, ".tazpod"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, ".tazpod", name), text);
  return folder;
}

async function refusal(folder: string): Promise<string> {
  const loaded = await loadProject(folder);
  if (loaded.ok) throw new Error("it was taken");
  return failureText(loaded.failure);
}

test("local settings replace those of the config; maps are merged by key, lists and other values are not", async () => {
  const folder = await projectWith({
    "config.yaml": `container_name: ours
remote: { url: "s3://bucket/key", region: eu-west-1 }
vault: { size: 32m, retention: 3 }
env: { A: one, B: two }
bridges: [.aws, .kube]
`,
    "config.local.yaml": `container_name: mine
remote: { url: "file:///mnt/vault" }
vault: { size: 64m }
env: { B: three, C: four }
bridges: [.ssh]
`,
  });
  const { config, localFile } = value(await loadProject(folder));
  assert.is(config.containerName, "mine");
  assert.is(config.remote.url, "file:///mnt/vault");
  assert.is(config.remote.region, "eu-west-1");
  assert.is(config.secretsBytes, 64 * 1024 ** 2);
  assert.is(config.retention, 3);
  assert.equal(config.env, { A: "one", B: "three", C: "four" });
  assert.equal(config.bridges, [".ssh"]);
  assert.is(localFile, join(folder, ".tazpod", "config.local.yaml"));
});

test("a text replaces a map and a map a text", async () => {
  const one = await projectWith({
    "config.yaml": "remote: { url: s3://bucket/key }\n",
    "config.local.yaml": "remote: none\n",
  });
  assert.is(value(await loadProject(one)).config.remote.url, "none");
  const other = await projectWith({
    "config.yaml": "remote: none\n",
    "config.local.yaml": "remote: { url: s3://bucket/key }\n",
  });
  assert.is(value(await loadProject(other)).config.remote.url, "s3://bucket/key");
});

test("an empty file changes nothing, whichever it is", async () => {
  const one = await projectWith({ "config.yaml": "user: me\n", "config.local.yaml": "# nothing\n" });
  assert.is(value(await loadProject(one)).config.user, "me");
  const other = await projectWith({ "config.yaml": "", "config.local.yaml": "user: me\n" });
  assert.is(value(await loadProject(other)).config.user, "me");
});

test("a mistake is shown in the file that has it, also one that only both together make", async () => {
  const unknown = await projectWith({ "config.yaml": "", "config.local.yaml": "imag: x\n" });
  assert.match(await refusal(unknown), /config\.local\.yaml:1:1: unknown key "imag"/);
  const together = await projectWith({
    "config.yaml": 'ports: ["8080"]\n',
    "config.local.yaml": "network: none\n",
  });
  assert.match(await refusal(together), /config\.yaml:1:1: ports cannot be published/);
});

test("a local file that cannot be read, or has another ending, is not ignored", async () => {
  const misnamed = await projectWith({ "config.yaml": "", "config.local.yml": "user: me\n" });
  assert.match(await refusal(misnamed), /config\.local\.yml[^]*rename it to config\.local\.yaml/);
  const link = await projectWith({ "config.yaml": "" });
  await symlink("nowhere", join(link, ".tazpod", "config.local.yaml"));
  assert.match(await refusal(link), /config\.local\.yaml[^]*it is a link/);
  const folder = await projectWith({ "config.yaml": "" });
  await mkdir(join(folder, ".tazpod", "config.local.yaml"));
  assert.match(await refusal(folder), /config\.local\.yaml[^]*it is a folder/);
});

test.run();
