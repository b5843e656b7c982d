// needs: rootless podman, root
// time limit: 300 s
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { bin, type Ended, run, testImage } from "../rig/host.js";
import { repository } from "../rig/root.js";

// An ordinary user whose podman lacks something that it needs.

const service = (name: string): string => `${repository}test/services/${name}.sh`;

/** `tazpod enter -- true` in a new project of that user. */
async function without(what: string, config = "", engine = "podman"): Promise<Ended> {
  const project = `image: ${testImage}\nuser: tazpod\ncontainer_name: lacking\nghost_mode: true\nremote: none\n${config}`;
  // the first command of a login reports what is missing; without subids an image cannot be created either
  const steps = `${what === "subids" ? "" : '"$0" --engine podman "$1" >/dev/null 2>&1'}
mkdir -p project/.tazpod && cd project && printf %s "$2" > .tazpod/config.yaml
(umask 077 && echo "correct horse battery" > ../pass)
shift 2; exec "$@" run enter --yes --passphrase-file ../pass -- true`;
  const argv = [
    "sh",
    "-c",
    steps,
    `${repository}images/test-image.sh`,
    testImage,
    project,
    process.execPath,
    bin,
  ];
  return run(service("podman"), ["user", await newFolder("podman"), ...argv], {
    env: { PODMAN_WITHOUT: what, TAZPOD_ENGINE: engine, DOCKER_HOST: "unix:///nowhere/docker.sock" },
  });
}

for (const [what, said] of [
  ["subids", /no subuid ranges found for user/],
  ["newuidmap", /newuidmap/],
] as const) {
  test(`without ${what} the message says that this user cannot run containers, and what is missing`, async () => {
    const done = await without(what);
    assert.is(done.code, 3, done.stderr);
    assert.match(done.stderr, said);
    assert.match(done.stderr, /podman is installed, but this user cannot run containers with it/);
    assert.match(done.stderr, /apt-get install uidmap.*--add-subuids.*podman system migrate/s);
  });
}

for (const [what, said] of [
  ["tun", /\/dev\/net\/tun: Permission denied/],
  ["slirp4netns", /slirp4netns is missing/],
] as const) {
  test(`without ${what} the message names the missing part, how to get it, and settings that work without it`, async () => {
    const done = await without(what);
    assert.is(done.code, 1, done.stderr);
    assert.match(done.stderr, said);
    assert.match(done.stderr, /chmod 666 \/dev\/net\/tun.*`network: none`/s);
    for (const network of ["none", "host"]) {
      const other = await without(what, `network: ${network}\n`);
      assert.is(other.code, 0, other.stderr);
    }
  });
}

test("if podman cannot work for this user, auto tries the next engine", async () => {
  const done = await without("newuidmap", "", "auto");
  assert.is(done.code, 0, done.stderr);
  assert.match(done.stderr, /namespace/);
  assert.match(done.stderr, /podman is installed, but this user cannot run containers with it/);
});

test.run();
