// needs: s3
// time limit: 900 s
import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openRemote } from "../../lib/remote/open-remote.js";
import { pull } from "../../lib/remote/pull.js";
import { push } from "../../lib/remote/push.js";
import type { Remote, RemoteSettings } from "../../lib/remote/remote-types.js";
import { ok } from "../../lib/failure/result.js";
import { FaultProxy } from "../fake/fault-proxy.js";
import { newBucket, useTestKeys } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { value } from "../rig/result.js";
import { dies, victim } from "../rig/victim.js";

useTestKeys();
const test = suite("killed");

async function die(
  what: "push" | "pull",
  settings: RemoteSettings,
  folder: string,
  step: string,
): Promise<void> {
  assert.ok(await dies({ what, settings, folder, step }), `it did not come to ${step}`);
}

const vaultOf = (folder: string): Promise<Buffer> => readFile(join(folder, "vault.tar.aes"));
const save = (folder: string, bytes: Buffer): Promise<void> =>
  writeFile(join(folder, "vault.tar.aes"), bytes);

async function bytesAt(remote: Remote): Promise<Buffer> {
  const pieces: Buffer[] = [];
  value(await remote.download({ write: async (piece) => ok(void pieces.push(piece)) }));
  return Buffer.concat(pieces);
}

const kinds: Record<string, () => Promise<RemoteSettings>> = {
  s3: newBucket,
  file: async () => ({
    url: pathToFileURL(join(await newFolder("disk"), "vault.tar.aes")).href,
    region: "x",
  }),
};

for (const [kind, make] of Object.entries(kinds)) {
  for (const step of ["looked", "kept-old", "noted", "written", "recorded", "verified", "kept", "pruned"]) {
    test(`${kind}: a push at "${step}": both vaults are whole, and the next push is no conflict`, async () => {
      const settings = await make();
      const remote = await openRemote(settings);
      const [here, there] = [await newFolder("here"), await newFolder("there")];
      const [first, second, third] = [randomBytes(100), randomBytes(200), randomBytes(300)];
      await save(there, first);
      value(await push({ remote, folder: there, host: "b" }));
      value(await pull({ remote, folder: here }));
      await save(here, second);
      await die("push", settings, here, step);
      assert.ok((await vaultOf(here)).equals(second));
      const left = await bytesAt(remote);
      assert.ok(left.equals(first) || left.equals(second));
      // the same again, or a newer save
      if (step !== "noted") value(await push({ remote, folder: here, host: "victim" }));
      await save(here, third);
      value(await push({ remote, folder: here, host: "victim" }));
      assert.ok((await bytesAt(remote)).equals(third));
      value(await pull({ remote, folder: there }));
      assert.ok((await vaultOf(there)).equals(third));
      const kept = value(await remote.history.list()).map(({ bytes }) => bytes);
      assert.ok(kept.includes(300) && kept.includes(step === "noted" ? 100 : 200), String(kept));
      assert.equal(
        (await readdir(here)).filter((name) => name.includes(".tmp-")),
        [],
      );
    });
  }

  for (const step of ["begun", "writing", "fetched", "backed-up", "replaced", "recorded"]) {
    test(`${kind}: a pull at "${step}": the old vault or the new one is here, whole, and the next pull and push go well`, async () => {
      const settings = await make();
      const remote = await openRemote(settings);
      const [here, there] = [await newFolder("here"), await newFolder("there")];
      const [first, second, third] = [randomBytes(100), randomBytes(300_000), randomBytes(300)];
      await save(there, first);
      value(await push({ remote, folder: there, host: "b" }));
      value(await pull({ remote, folder: here }));
      await save(there, second);
      value(await push({ remote, folder: there, host: "b" }));
      await die("pull", settings, here, step);
      const left = await vaultOf(here);
      assert.ok(left.equals(first) || left.equals(second));
      value(await pull({ remote, folder: here }));
      assert.ok((await vaultOf(here)).equals(second));
      await save(here, third);
      value(await push({ remote, folder: here, host: "a" }));
      assert.ok((await bytesAt(remote)).equals(third));
      assert.equal(
        (await readdir(here)).filter((name) => name.includes(".tmp-")),
        [],
      );
    });
  }
}

test("s3: a push killed in the middle of its body keeps the old vault, and the next push is no conflict", async () => {
  const settings = await newBucket();
  const remote = await openRemote(settings);
  const here = await newFolder("here");
  const first = randomBytes(100);
  await save(here, first);
  value(await push({ remote, folder: here, host: "a" }));
  await save(here, randomBytes(20_000_000));
  const proxy = await FaultProxy.start();
  proxy.spoil(/^PUT .*vault\.tar\.aes\?x-id=PutObject/, { kind: "stall-request", after: 1_000_000 });
  const child = victim({
    what: "push",
    settings: { ...settings, endpoint: proxy.url },
    folder: here,
    step: "never",
  });
  while (!proxy.requests.some((line) => /^PUT .*vault\.tar\.aes\?/.test(line)))
    await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGKILL");
  await new Promise((resolve) => child.on("close", resolve));
  await proxy.stop();
  assert.ok((await bytesAt(remote)).equals(first));
  value(await push({ remote, folder: here, host: "a" }));
  assert.is((await bytesAt(remote)).length, 20_000_000);
});

test.run();
