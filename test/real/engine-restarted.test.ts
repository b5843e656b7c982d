// needs: docker, dockerd, root, script, busybox
// time limit: 900 s
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { Host, quick, removeHosts, run } from "../rig/host.js";
import { repository } from "../rig/root.js";
import { underShell } from "../rig/under-shell.js";
import { until } from "../rig/until.js";

// A separate engine, so that it can be stopped under a shell.

const service = (name: string): string => join(repository, "test", "services", name);
let folder = "";

async function start(how: "up" | "restart"): Promise<string> {
  const started = await run(service("dockerd.sh"), [how, folder, "apart"]);
  assert.is(started.code, 0, started.stderr);
  return started.stdout.trim();
}

test.before(async () => {
  folder = join(await newFolder("engine"), "dockerd");
});
test.after(async () => {
  await removeHosts();
  await run(service("dockerd.sh"), ["down", folder]);
});

test("after an engine restart under an open shell, the next enter has everything sealed by then, and the rest is accounted for", async () => {
  const address = await start("up");
  assert.is((await run(`${repository}images/test-image.sh`, [], { env: { DOCKER_HOST: address } })).code, 0);
  const host = await Host.make({ remote: "none", more: `${quick}session: { autosave: 4s }\n` });
  host.env["DOCKER_HOST"] = address;
  assert.is((await host.enter("echo first > ~/secrets/first")).code, 0);
  const { pty, left } = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
  await pty.expect("$ ");
  pty.line("echo saved > ~/secrets/saved; echo wri''tten");
  await pty.expect("written");
  await until(async () =>
    (await host.tazpod("vault", "ls", "--passphrase-file", host.passphraseFile)).stdout.includes("saved"),
  );
  process.kill(Number(await readFile(join(folder, "pid"), "utf8")), "SIGTERM");
  const code = await left();
  assert.ok(code === 1 || code === 3, `${code}: ${pty.screen}`);
  assert.match(pty.screen, /Docker is not answering|no longer running|was restarted/);
  assert.is(await start("restart"), address);
  const next = await host.enter("cat ~/secrets/first ~/secrets/saved");
  assert.is(next.code, 0, next.stderr);
  assert.is(next.stdout, "first\nsaved\n");
});

test.run();
