// needs: docker, root, setpriv
// time limit: 600 s
import { chmod, chown, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, Host, quick, removeHosts, run } from "../rig/host.js";

// The user on the host has another id than the image's user, which is 1000.

test.after(removeHosts);

const stranger = 12_345;

/** A host that belongs to this user. */
async function hostOf(uid: number): Promise<Host> {
  const host = await Host.make({ more: quick });
  const home = await newFolder("home");
  Object.assign(host.env, { HOME: home, XDG_STATE_HOME: join(home, "state") });
  const pass = [host.passphraseFile, join(host.passphraseFile, "..")];
  for (const path of [host.folder, host.path(".tazpod"), host.path(".tazpod", "config.yaml"), home, ...pass])
    await chown(path, uid, uid);
  return host;
}

/** Enters as this user, who may use the engine. */
async function enter(host: Host, uid: number, script: string): Promise<Ended> {
  const socket = (process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock").replace("unix://", "");
  const { gid } = await stat(socket);
  const options = ["--yes", "--passphrase-file", host.passphraseFile];
  return run(
    "setpriv",
    [
      ...["--reuid", String(uid), "--regid", String(uid), "--groups", String(gid)],
      ...[process.execPath, bin, ...options, "enter", "--", "sh", "-c", script],
    ],
    { cwd: host.folder, env: host.env },
  );
}

const who = "id -u; id -un; id -G; touch ~/own /workspace/made && stat -c %u ~/secrets";

test("the image's user gets the id of the user on the host, keeps its name and home, and writes the project", async () => {
  for (const runner of [stranger, 0]) {
    const host = await hostOf(stranger);
    await writeFile(host.path("seen"), "x");
    const first = await enter(host, runner, who);
    assert.is(first.stdout, `${stranger}\ntazpod\n${stranger}\n${stranger}\n`, first.stderr);
    const { uid } = await stat(host.path("made"));
    assert.is(uid, stranger);
    // the container counts as made from the image in the settings
    const again = await enter(host, runner, "ls ~/own /workspace/made");
    assert.is(again.stdout, "/home/tazpod/own\n/workspace/made\n");
    assert.not.match(again.stderr, /recreate/i);
  }
});

test("the image is made once for each id, and nothing is left of making it", async () => {
  const images = async (): Promise<string> =>
    (await run("docker", ["images", "--quiet", "--no-trunc", "tazpod-user"])).stdout;
  assert.is((await enter(await hostOf(stranger), stranger, "true")).code, 0);
  const before = await images();
  assert.is((await enter(await hostOf(stranger), stranger, "true")).code, 0);
  assert.is(await images(), before);
  const left = await run("docker", ["ps", "--all", "--quiet", "--filter", "name=tazpod-user-"]);
  assert.is(left.stdout, "");
});

test("root's own project: enter and doctor say that the container's user cannot write it", async () => {
  const host = await hostOf(0);
  await chmod(host.folder, 0o755);
  const { stderr } = await enter(host, 0, "touch /workspace/made; true");
  assert.match(
    stderr,
    /root owns this project, so tazpod cannot write it in the container\.\n {2}Give it to/,
  );
  assert.match(
    (await host.tazpod("doctor")).stdout,
    /- container +(\S+ is running; )?root owns this project/,
  );
});

test.run();
