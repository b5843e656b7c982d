import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { clientProxies } from "../../lib/engine/oci/client-proxies.js";
import { newFolder } from "../rig/folder.js";

const here = "unix:///run/user/1/docker.sock";

/** Returns the proxies with these settings of the docker client, as its own variables name them. */
async function proxiesOf(proxies: unknown, daemon?: string): Promise<Record<string, string>> {
  const folder = await newFolder();
  await writeFile(join(folder, "config.json"), JSON.stringify({ proxies }));
  return clientProxies({ DOCKER_CONFIG: folder, ...(daemon === undefined ? {} : { DOCKER_HOST: daemon }) });
}

test("the proxies of the daemon in use are taken, else the default ones, in both spellings", async () => {
  const other = { httpProxy: "http://other" };
  const proxies = { "unix:///other.sock": other, default: { httpProxy: "http://d", noProxy: "" } };
  const byDefault = { HTTP_PROXY: "http://d", http_proxy: "http://d" };
  assert.equal(await proxiesOf(proxies), byDefault);
  assert.equal(await proxiesOf(proxies, here), byDefault);
  const ours = { HTTPS_PROXY: "http://ours", https_proxy: "http://ours" };
  assert.equal(await proxiesOf({ ...proxies, [here]: { httpsProxy: "http://ours" } }, here), ours);
  assert.equal(await proxiesOf({ "unix:///other.sock": other }, here), {});
});

test("a daemon that is reached by TCP gets none of this host's proxies", async () => {
  assert.equal(await proxiesOf({ default: { httpProxy: "http://d" } }, "tcp://far:2376"), {});
});

test("settings that are missing or of another form are none", async () => {
  assert.equal(await clientProxies({ DOCKER_CONFIG: "/nowhere" }), {});
  for (const proxies of [undefined, "x", { default: "x" }, { default: { httpProxy: 1 } }])
    assert.equal(await proxiesOf(proxies), {});
});

test.run();
