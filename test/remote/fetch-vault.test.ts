import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fail, ok, type Result } from "../../lib/failure/result.js";
import { createTemp, type TempFile } from "../../lib/host/temp-file.js";
import { noSizeLimit } from "../../lib/remote/download-limits.js";
import { fetchVault } from "../../lib/remote/fetch-vault.js";
import type { DownloadRequest, RemoteObject } from "../../lib/remote/remote-types.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";

const test = suite("fetch-vault");
const temps: TempFile[] = [];

const vault = Buffer.from(`age-encryption.org/v1\n-> scrypt c2FsdA 10\n${"x".repeat(300)}`);
const sha256 = createHash("sha256").update(vault).digest("hex");
const found = { etag: '"1"', bytes: vault.length, modified: new Date(0), sha256 } as RemoteObject;

/** A remote that says this of its object, and sends the vault. `sent` counts the bytes that were written. */
function download(object: RemoteObject): {
  readonly run: (request: DownloadRequest) => Promise<Result<RemoteObject>>;
  readonly sent: () => number;
} {
  let sent = 0;
  return {
    sent: () => sent,
    run: async ({ inspect, write }) => {
      const looked = inspect?.(object) ?? ok(undefined);
      if (!looked.ok) return looked;
      sent += vault.length;
      const written = await write(vault);
      return written.ok ? ok(object) : written;
    },
  };
}

/** A temporary file in a new folder; discarded after the test. */
async function newTemp(): Promise<TempFile> {
  const temp = value(await createTemp(await newFolder("fetch"), "vault.tar.aes"));
  temps.push(temp);
  return temp;
}

test.after.each(async () => {
  for (const temp of temps.splice(0)) await temp.discard();
});

test("a vault with the hash of its metadata is fetched, synced, and its hash returned", async () => {
  const temp = await newTemp();
  const fetched = value(
    await fetchVault(download(found).run, temp, { name: "r", downloadLimits: noSizeLimit }),
  );
  assert.is(fetched.sha256, sha256);
  assert.ok((await readFile(temp.path)).equals(vault));
});

test("a vault that differs from what was pushed is damaged", async () => {
  const folder = await newFolder("fetch");
  const temp = value(await createTemp(folder, "vault.tar.aes"));
  const other = { ...found, sha256: "0".repeat(64) };
  const done = await fetchVault(download(other).run, temp, { name: "r", downloadLimits: noSizeLimit });
  assert.match(failure(done, "vault-damaged").detail, "differs from what was pushed");
  await temp.discard();
  assert.equal(await readdir(folder), []);
});

test("a vault beyond the size limit is refused before anything is sent", async () => {
  const temp = await newTemp();
  const remote = download(found);
  const downloadLimits = { ...noSizeLimit, bytes: vault.length - 1 };
  failure(await fetchVault(remote.run, temp, { name: "r", downloadLimits }), "archive-too-large");
  assert.is(remote.sent(), 0);
});

test("the caller sees the object before anything is sent, and can refuse it", async () => {
  const temp = await newTemp();
  const remote = download(found);
  const done = await fetchVault(remote.run, temp, {
    ...{ name: "r", downloadLimits: noSizeLimit },
    inspect: (object) => {
      assert.is(object, found);
      return fail({ kind: "interrupted", signal: "refused" });
    },
  });
  assert.is(failure(done, "interrupted").signal, "refused");
  assert.is(remote.sent(), 0);
});

test.run();
