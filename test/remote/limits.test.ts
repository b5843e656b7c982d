import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Failure } from "../../lib/failure/failure.js";
import { completeConfig } from "../../lib/project/config.js";
import { downloadLimitsOf } from "../../lib/remote/download-limits.js";
import { openRemote } from "../../lib/remote/open-remote.js";
import { pull } from "../../lib/remote/pull.js";
import type { Remote } from "../../lib/remote/remote-types.js";
import { Secret } from "../../lib/host/secret.js";
import { sealAge } from "../../lib/vault/age/age.js";
import "../fake/light-scrypt.cjs";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";

// A remote that sends more than this host can store or process.

const mib = 1024 ** 2;

/** A folder remote with the limits of a config with `vault`, and the path of its vault. */
async function folderRemote(vault: object = {}) {
  const path = join(await newFolder("disk"), "vault.tar.aes");
  const downloadLimits = downloadLimitsOf(completeConfig({ vault }, "/p"));
  return {
    path,
    remote: await openRemote({ url: pathToFileURL(path).href, region: "x" }, { downloadLimits }),
  };
}

/** Pulls into an empty folder and returns the failure; checks that nothing is left. */
async function refused(remote: Remote, kind: Failure["kind"]): Promise<string> {
  const folder = await newFolder();
  const found = failure(await pull({ remote, folder }), kind);
  assert.equal(await readdir(folder), []);
  return JSON.stringify(found);
}

test("an object that is too large to open is refused by its size without being read", async () => {
  const { path, remote } = await folderRemote({ size: "1m" });
  await writeFile(path, "age-encryption.org/v1\n");
  await truncate(path, 2 ** 40);
  await refused(remote, "archive-too-large");
  const head = await remote.head();
  assert.is(head.state, "unknown");
});

test("the limit counts parts, since each must fit into the secrets folder alone", () => {
  const one = downloadLimitsOf(completeConfig({ vault: { size: "1m" } }, "/p"));
  const three = downloadLimitsOf(completeConfig({ vault: { size: "1m" }, parts: { a: "a", b: "b" } }, "/p"));
  assert.ok(one.bytes > mib && one.bytes < 3 * mib);
  assert.ok(three.bytes > 3 * mib);
});

for (const [factor, vault, works] of [
  [20, {}, true],
  [21, {}, false],
  [21, { max_work_factor: 21 }, true],
  [22, { max_work_factor: 21 }, false],
] as const)
  test(`a vault of work factor ${factor} is ${works ? "pulled" : "refused"} with ${JSON.stringify(vault)}`, async () => {
    const { path, remote } = await folderRemote(vault);
    async function* content(): AsyncGenerator<Buffer> {
      yield Buffer.from("x");
    }
    // only the header matters, and creating it takes no real work
    const sealed: Buffer[] = [];
    for await (const piece of sealAge(content(), Secret.fromText("p"), 10)) sealed.push(piece);
    const text = Buffer.concat(sealed).toString("latin1");
    await writeFile(path, Buffer.from(text.replace(/(-> scrypt \S+) 10\n/, `$1 ${factor}\n`), "latin1"));
    if (works) return void value(await pull({ remote, folder: await newFolder() }));
    assert.match(await refused(remote, "vault-format"), "max_work_factor");
  });

test("a sidecar that is no file or too large is not read", async () => {
  const { path, remote } = await folderRemote();
  await writeFile(path, Buffer.alloc(100, 1));
  await writeFile(`${path}.meta.json`, "");
  await truncate(`${path}.meta.json`, 2 ** 40);
  const head = await remote.head();
  assert.is(head.state === "present" ? head.object.host : "?", undefined);
  const { path: other, remote: second } = await folderRemote();
  await writeFile(other, Buffer.alloc(100, 1));
  await mkdir(`${other}.meta.json`);
  assert.is((await second.head()).state, "present");
});

test("a server that lists without end is a failure", async () => {
  let pages = 0;
  const server = createServer((_, answer) => {
    pages += 1;
    const page = `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>${pages}</NextContinuationToken></ListBucketResult>`;
    answer.writeHead(200, { "content-type": "application/xml" }).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const remote = await openRemote({ url: "s3://b/v", region: "x", endpoint });
  const listed = await remote.history.list();
  server.close();
  server.closeAllConnections();
  assert.match(JSON.stringify(failure(listed, "remote-unavailable")), "more than 20000 entries");
  assert.is(pages, 21);
});

test.run();
