// needs: docker, root
// time limit: 600 s
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { type Ended, type Host, quick, removeHosts, run } from "../rig/host.js";
import { repository } from "../rig/root.js";
import { withSealed } from "../rig/with-vault.js";

// A vault is open with an unsaved file in it, and tazpod cannot reach the container or looks elsewhere.

test.after(removeHosts);

async function withUnsaved(more = ""): Promise<Host> {
  const host = await withSealed("none", undefined, `${quick}session: { autosave: off }\n${more}`);
  const { code, stderr } = await host.run("unlock");
  assert.is(code, 0, stderr);
  await run("docker", ["exec", "-u", "tazpod", host.container, "sh", "-c", "echo mine > ~/secrets/more"]);
  return host;
}

async function refused(host: Host, task: string, message: RegExp): Promise<Ended> {
  const ended = await host.run(task);
  assert.is(ended.code, 3, `${task}: ${ended.stdout}${ended.stderr}`);
  assert.match(ended.stderr, message);
  return ended;
}

/** The file is still there, and `down` saves it. */
async function stillOpen(host: Host): Promise<void> {
  assert.is((await host.secrets()).split("\n").includes("more"), true);
  assert.is((await host.run("down")).code, 0);
  assert.is((await host.enter("cat ~/secrets/more")).stdout, "mine\n");
}

test("a paused container is neither locked nor removed: exit 3, and the hint resumes it", async () => {
  const host = await withUnsaved();
  assert.is((await run("docker", ["pause", host.container])).code, 0);
  for (const task of ["lock", "save", "down", "enter"]) {
    const { stderr } = await refused(host, task, /The container \S+ is paused, so its vault can be neither/);
    assert.match(stderr, new RegExp(`docker unpause ${host.container}`));
  }
  assert.is((await run("docker", ["unpause", host.container])).code, 0);
  await stillOpen(host);
});

test("with another daemon, which has no such container, nothing counts as locked", async () => {
  const host = await withUnsaved();
  const folder = await newFolder("other");
  const other = join(folder, "dockerd");
  const up = await run(`${repository}test/services/dockerd.sh`, ["up", other, "apart"]);
  assert.is(up.code, 0, up.stderr);
  try {
    host.env["DOCKER_HOST"] = up.stdout.trim();
    for (const task of ["lock", "down", "enter"])
      await refused(host, task, /The vault was opened in the docker container \S+ at \S+, which this tazpod/);
  } finally {
    delete host.env["DOCKER_HOST"];
    await run(`${repository}test/services/dockerd.sh`, ["down", other]);
  }
  await stillOpen(host);
});

test("with another engine in the settings, nothing counts as locked", async () => {
  const host = await withUnsaved();
  host.env["TAZPOD_ENGINE"] = "process";
  for (const task of ["lock", "down"])
    await refused(host, task, /The vault was opened in the docker container/);
  delete host.env["TAZPOD_ENGINE"];
  await stillOpen(host);
});

test("with another HOME, an open vault is seen, in a Docker container and in a process home", async () => {
  const host = await withUnsaved();
  const here = host.env["HOME"];
  const elsewhere = async (): Promise<void> => {
    host.env["HOME"] = await newFolder("home");
  };
  const back = (): void => {
    if (here === undefined) delete host.env["HOME"];
    else host.env["HOME"] = here;
  };
  await elsewhere();
  assert.is.not((await host.run("lock")).code, 0);
  back();
  await stillOpen(host);
  assert.is((await host.run("down")).code, 0);

  host.env["TAZPOD_ENGINE"] = "process";
  assert.is((await host.run("unlock")).code, 0);
  await elsewhere();
  const { stderr } = await refused(host, "lock", /a tazpod that keeps its state in \S+/);
  assert.match(stderr, /with the same HOME/);
  back();
  assert.is((await host.run("down")).code, 0);
});

test("a container that was removed, with the same daemon, is gone: no note is in the way", async () => {
  const host = await withUnsaved();
  assert.is((await run("docker", ["rm", "-f", host.container])).code, 0);
  assert.is((await host.run("lock")).code, 0);
  assert.is((await host.enter("cat ~/secrets/key")).stdout, "kept");
});

test("the note ends with the open vault, and a damaged or removed one is no obstacle", async () => {
  const host = await withUnsaved();
  const note = host.path(".tazpod", "vault", "opened.json");
  assert.is((JSON.parse(await readFile(note, "utf8")) as { engine: string }).engine, "docker");
  assert.is((await host.run("lock")).code, 0);
  assert.is(await readFile(note, "utf8").catch(() => "gone"), "gone");
  assert.is((await host.run("unlock")).code, 0);
  await rm(note);
  assert.is((await host.run("down")).code, 0);
});

test.run();
