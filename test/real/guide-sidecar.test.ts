// needs: docker
// time limit: 300 s
import { chmod, writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { copyExample } from "../rig/guide.js";
import { Host, quick, removeHosts, run, testImage, uniqueName } from "../rig/host.js";

// The sidecar of docs/recipes.md, with a small web server in place of the database.

const image = `${uniqueName()}-sidecar`;

test.before(async () => {
  const server = `FROM ${testImage}\nUSER root\nRUN mkdir /www && echo served > /www/index.html\nCMD ["httpd", "-f", "-h", "/www", "-p", "5432"]\n`;
  const built = await run("docker", ["build", "--quiet", "--tag", image, "-"], {
    input: server,
    env: { DOCKER_BUILDKIT: "0" },
  });
  assert.is(built.code, 0, built.stderr);
});

test.after(async () => {
  await removeHosts();
  await run("docker", ["rmi", "--force", image]);
});

test("a sidecar is at localhost in the shell, starts once, ends with the shell, a failed run and `down`, and is replaced when its network is gone", async () => {
  const host = await Host.make({ remote: "none", more: quick });
  await chmod(host.folder, 0o777);
  await copyExample(host, "recipes.md", "A sidecar next to the shell");
  await writeFile(host.path("tazpod.tasks.local.yaml"), `version: 1\nvars: { database: ${image} }\n`);
  const database = `${host.container}-database`;
  const sidecar = (container: string): ReturnType<typeof run> =>
    run("docker", [
      "run",
      "--detach",
      "--rm",
      `--name=${database}`,
      `--network=container:${container}`,
      image,
    ]);
  const names = async (): Promise<string> =>
    (await run("docker", ["ps", "--all", "--format", "{{.Names}}"])).stdout;
  const fetch = "until wget -q -O - http://localhost:5432/; do sleep 0.1; done";
  const done = await host.enter(fetch);
  assert.is(done.code, 0, done.stderr);
  assert.is(done.stdout, "served\n");
  assert.not.match(await names(), database);

  // a run that fails after the database was started, such as at the passphrase
  const up = await host.tazpod("run", "database-up");
  assert.is(up.code, 0, up.stderr);
  assert.not.match(await names(), database);

  assert.is((await sidecar(host.container)).code, 0);
  const outside = await run("wget", ["-q", "-T", "2", "-t", "1", "-O", "-", "http://localhost:5432/"]);
  assert.is.not(outside.stdout, "served\n");
  const planned = await host.tazpod("plan", "enter");
  assert.not.match(planned.stdout, /\+ database-up/);
  const again = await host.enter(fetch);
  assert.is(again.stdout, "served\n", again.stderr);
  assert.not.match(await names(), database);

  // one that has outlived its container is replaced
  assert.is((await sidecar(host.container)).code, 0);
  await run("docker", ["rm", "--force", host.container]);
  assert.match(await names(), database);
  const replaced = await host.enter(fetch);
  assert.is(replaced.stdout, "served\n", replaced.stderr);
  assert.not.match(await names(), database);

  assert.is((await sidecar(host.container)).code, 0);
  const down = await host.tazpod("down");
  assert.is(down.code, 0, down.stderr);
  assert.not.match(await names(), database);
});

test.run();
