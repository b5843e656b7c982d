// needs: docker
// time limit: 300 s
import { writeFile } from "node:fs/promises";
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

test.run();
