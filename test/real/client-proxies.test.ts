// needs: docker, root
// time limit: 300 s
import { chown, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { Host, quick, removeHosts, run } from "../rig/host.js";

test.after(removeHosts);

test("the proxies of Docker's client reach the shell, but not the container's settings", async () => {
  const host = await Host.make({ more: `${quick}env: { NO_PROXY: mine }\n` });
  const folder = await newFolder("docker");
  host.env["DOCKER_CONFIG"] = folder;
  const proxy = "http://me:pass-word@proxy.example:3128";
  const proxies = { default: { httpProxy: proxy, httpsProxy: proxy, noProxy: "localhost" } };
  await writeFile(join(folder, "config.json"), JSON.stringify({ proxies }));
  const seen = await host.enter('echo "$HTTP_PROXY $https_proxy $no_proxy $NO_PROXY"');
  assert.is(seen.stdout, `${proxy} ${proxy} localhost mine\n`, seen.stderr);
  const { stdout } = await run("docker", ["inspect", host.container]);
  assert.not.match(stdout, /pass-word/);
});

test("they are not kept in the image in which the image's user has another id", async () => {
  const host = await Host.make({ more: quick });
  const folder = await newFolder("docker");
  host.env["DOCKER_CONFIG"] = folder;
  const proxies = { default: { httpProxy: "http://me:pass-word@proxy.example:3128" } };
  await writeFile(join(folder, "config.json"), JSON.stringify({ proxies }));
  const uid = 23_456;
  await chown(host.folder, uid, uid);
  const seen = await host.enter("id -u");
  assert.is(seen.stdout, `${uid}\n`, seen.stderr);
  const { stdout } = await run("docker", ["images", "--format", "{{.Repository}}:{{.Tag}}", "tazpod-user"]);
  const image = stdout.split("\n").find((name) => name.includes(`-${uid}-`));
  assert.ok(image);
  const { stdout: settings } = await run("docker", ["image", "inspect", image ?? ""]);
  assert.match(settings, `-${uid}-`);
  assert.not.match(settings, /pass-word/);
  await host.removeContainer();
  await run("docker", ["image", "rm", image ?? ""]);
});

test.run();
