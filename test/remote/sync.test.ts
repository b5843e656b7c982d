// on each of: s3, swift
// time limit: 900 s
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { projectState } from "../../lib/host/project-state.js";
import { openRemote } from "../../lib/remote/open-remote.js";
import { checkPushed } from "../../lib/remote/local-vault.js";
import { pull } from "../../lib/remote/pull.js";
import { push } from "../../lib/remote/push.js";
import type { Remote } from "../../lib/remote/remote-types.js";
import { cuttingProxy } from "../fake/cutting-proxy.js";
import { newBucket, useTestKeys } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { failure, value } from "../rig/result.js";

const stateOf = (folder: string): string => join(projectState(folder), "state.json");

useTestKeys();
const vaultOf = (folder: string): Promise<Buffer> => readFile(join(folder, "vault.tar.aes"));
const put = (folder: string, bytes: Buffer): Promise<void> => writeFile(join(folder, "vault.tar.aes"), bytes);

/** Two hosts and an empty remote of this kind. */
interface Scene {
  readonly remote: Remote;
  readonly here: string;
  readonly there: string;
}

const kinds = {
  s3: async () => openRemote(await newBucket()),
  file: async () => {
    const path = join(await newFolder("disk"), "vault tür.tar.aes");
    return openRemote({ url: pathToFileURL(path).href, region: "x" });
  },
};

for (const [kind, make] of Object.entries(kinds)) {
  const test = suite(kind);
  const scene = async (): Promise<Scene> => ({
    remote: await make(),
    here: await newFolder("here"),
    there: await newFolder("there"),
  });

  test("one host's push is pulled by another, and then both count it as pushed", async () => {
    const { remote, here, there } = await scene();
    const bytes = randomBytes(200_000);
    await put(here, bytes);
    assert.is((await checkPushed(here, remote.url)).state, "false");
    const sent = value(await push({ remote, folder: here, host: "host-a" }));
    assert.ok(sent.uploaded);
    assert.is(sent.record.sha256, createHash("sha256").update(bytes).digest("hex"));
    const told: number[] = [];
    const got = value(await pull({ remote, folder: there, progress: (done) => void told.push(done) }));
    assert.ok(got.changed);
    assert.is(got.object.host, "host-a");
    assert.is(told.at(-1), bytes.length);
    assert.ok((await vaultOf(there)).equals(bytes));
    assert.is((await stat(join(there, "vault.tar.aes"))).mode & 0o777, 0o600);
    assert.is((await stat(stateOf(there))).mode & 0o777, 0o600);
    for (const folder of [here, there]) {
      assert.is((await checkPushed(folder, remote.url)).state, "true");
      assert.equal((await readdir(folder)).toSorted(), ["vault.tar.aes"]);
    }
  });

  test("an unchanged vault is not uploaded again, unless forced", async () => {
    const { remote, here } = await scene();
    await put(here, randomBytes(100));
    const first = value(await push({ remote, folder: here, host: "a" }));
    assert.not.ok(value(await push({ remote, folder: here, host: "a" })).uploaded);
    const forced = value(await push({ remote, folder: here, host: "a", force: true }));
    assert.ok(forced.uploaded);
    assert.is.not(forced.record.writeId, first.record.writeId);
  });

  test("a push over a version that this host has not synced is a conflict that names host and time, with or without force", async () => {
    const { remote, here, there } = await scene();
    const [one, two, three] = [randomBytes(100), randomBytes(100), randomBytes(100)];
    await put(here, one);
    value(await push({ remote, folder: here, host: "host-a" }));
    value(await pull({ remote, folder: there }));
    await put(there, two);
    value(await push({ remote, folder: there, host: "host-b" }));
    await put(here, three);
    for (const force of [false, true]) {
      const { message, hint } = failure(
        await push({ remote, folder: here, host: "host-a", force }),
        "conflict",
      );
      assert.match(message, /The host host-b changed .* on 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
      assert.match(hint, /pull --force/);
    }
    assert.ok((await vaultOf(here)).equals(three));
    const third = await newFolder("third");
    value(await pull({ remote, folder: third }));
    assert.ok((await vaultOf(third)).equals(two));
  });

  test("a first push does not overwrite an existing vault", async () => {
    const { remote, here, there } = await scene();
    await put(here, randomBytes(100));
    value(await push({ remote, folder: here, host: "a" }));
    await put(there, randomBytes(100));
    const { message } = failure(await push({ remote, folder: there, host: "b" }), "conflict");
    assert.match(
      message,
      /^The host a wrote .* UTC, and this host has never synced with it; nothing was pushed/,
    );
  });

  test("a pull over a vault that was not pushed is refused; with force, the vault is kept as a backup", async () => {
    const { remote, here, there } = await scene();
    const theirs = randomBytes(100);
    await put(there, theirs);
    value(await push({ remote, folder: there, host: "b" }));
    for (const ours of [randomBytes(90), randomBytes(100)]) {
      await put(here, ours);
      failure(await pull({ remote, folder: here }), "conflict");
      assert.ok((await vaultOf(here)).equals(ours));
      const { backup = "" } = value(await pull({ remote, folder: here, force: true }));
      assert.ok((await readFile(backup)).equals(ours));
      assert.ok((await vaultOf(here)).equals(theirs));
    }
    assert.equal((await readdir(here)).toSorted(), [
      "vault.tar.aes",
      "vault.tar.aes.bak-1",
      "vault.tar.aes.bak-2",
    ]);
  });

  test("a vault whose record was lost is recognised when the remote has the same", async () => {
    const { remote, here } = await scene();
    const bytes = randomBytes(100);
    await put(here, bytes);
    value(await push({ remote, folder: here, host: "a" }));
    for (const note of [undefined, "{", `{"version":1,"pushed":{"remote":1}}`, "[]"]) {
      if (note === undefined) await rm(stateOf(here));
      else await writeFile(stateOf(here), note);
      assert.is((await checkPushed(here, remote.url)).state, "false");
      assert.not.ok(value(await pull({ remote, folder: here })).changed);
      assert.is((await checkPushed(here, remote.url)).state, "true");
    }
    assert.ok((await vaultOf(here)).equals(bytes));
  });

  test("a pushed vault is replaced by a newer one without a backup", async () => {
    const { remote, here, there } = await scene();
    await put(here, randomBytes(100));
    value(await push({ remote, folder: here, host: "a" }));
    value(await pull({ remote, folder: there }));
    const newer = randomBytes(120);
    await put(there, newer);
    value(await push({ remote, folder: there, host: "b" }));
    assert.is(value(await pull({ remote, folder: here })).backup, undefined);
    assert.ok((await vaultOf(here)).equals(newer));
  });

  test("a pull from an empty remote and a push without a vault fail and leave nothing", async () => {
    const { remote, here } = await scene();
    failure(await pull({ remote, folder: here }), "remote-absent");
    failure(await push({ remote, folder: here, host: "a" }), "vault-absent");
    assert.equal(await readdir(here), []);
    assert.equal(await remote.head(), { state: "absent" });
    assert.is((await checkPushed(here, remote.url)).state, "true");
  });

  test("a file that cannot be a vault is refused and not kept", async () => {
    const { remote, here, there } = await scene();
    await put(there, Buffer.from("<html>not here</html>"));
    value(await push({ remote, folder: there, host: "b" }));
    failure(await pull({ remote, folder: here }), "vault-damaged");
    assert.equal(await readdir(here), []);
  });

  test("a save during a pull is not lost", async () => {
    const { remote, here, there } = await scene();
    await put(there, randomBytes(100_000));
    value(await push({ remote, folder: there, host: "b" }));
    const saved = randomBytes(50);
    const slow: Remote = {
      ...remote,
      async download(request) {
        const result = await remote.download(request);
        await put(here, saved);
        return result;
      },
    };
    failure(await pull({ remote: slow, folder: here }), "conflict");
    assert.ok((await vaultOf(here)).equals(saved));
  });

  test("a save during a push leaves that save to be pushed", async () => {
    const { remote, here } = await scene();
    const sent = randomBytes(100);
    await put(here, sent);
    const slow: Remote = {
      ...remote,
      async upload(request) {
        await rm(join(here, "vault.tar.aes"));
        await put(here, randomBytes(100));
        return remote.upload(request);
      },
    };
    assert.is(
      value(await push({ remote: slow, folder: here, host: "a" })).record.sha256,
      createHash("sha256").update(sent).digest("hex"),
    );
    assert.is((await checkPushed(here, remote.url)).state, "false");
    assert.ok(value(await push({ remote, folder: here, host: "a" })).uploaded);
  });

  test("a push whose answer was lost is recognised", async () => {
    const { remote, here } = await scene();
    await put(here, randomBytes(100));
    const deaf: Remote = {
      ...remote,
      async upload(request) {
        value(await remote.upload(request));
        return {
          ok: false,
          failure: { kind: "remote-unavailable", url: remote.url, reason: "the answer was lost" },
        };
      },
    };
    failure(await push({ remote: deaf, folder: here, host: "a" }), "remote-unavailable");
    assert.is((await checkPushed(here, remote.url)).state, "false");
    assert.not.ok(value(await push({ remote, folder: here, host: "a" })).uploaded);
    assert.is((await checkPushed(here, remote.url)).state, "true");
    await put(here, randomBytes(100));
    failure(await push({ remote: deaf, folder: here, host: "a" }), "remote-unavailable");
    await put(here, randomBytes(100));
    assert.ok(value(await push({ remote, folder: here, host: "a" })).uploaded);
  });

  test("an abort leaves no temporary file and the vault unchanged", async () => {
    const { remote, here, there } = await scene();
    await put(there, randomBytes(2_000_000));
    value(await push({ remote, folder: there, host: "b" }));
    const stop = new AbortController();
    const result = await pull({
      remote,
      folder: here,
      signal: stop.signal,
      progress: () => stop.abort("SIGTERM"),
    });
    assert.is(failure(result, "interrupted").signal, "SIGTERM");
    assert.equal(await readdir(here), []);
    const early = await push({
      remote,
      folder: there,
      host: "b",
      force: true,
      signal: AbortSignal.abort("SIGINT"),
    });
    failure(early, "interrupted");
    assert.is((await checkPushed(there, remote.url)).state, "true");
  });

  test.run();
}

const s3 = suite("s3, cut");

s3(
  "a pull whose connection keeps breaking keeps the local vault and leaves nothing of the new one",
  async () => {
    const settings = await newBucket();
    const [here, there] = [await newFolder(), await newFolder()];
    const remote = await openRemote(settings);
    const first = randomBytes(1000);
    await put(there, first);
    value(await push({ remote, folder: there, host: "b" }));
    value(await pull({ remote, folder: here }));
    await put(there, randomBytes(1_000_000));
    value(await push({ remote, folder: there, host: "b" }));
    const proxy = await cuttingProxy();
    proxy.cutAfter(100_000);
    const cut = await openRemote({ ...settings, endpoint: proxy.url });
    failure(await pull({ remote: cut, folder: here }), "remote-unavailable");
    await proxy.close();
    assert.ok((await vaultOf(here)).equals(first));
    assert.equal((await readdir(here)).toSorted(), ["vault.tar.aes"]);
    assert.is((await checkPushed(here, remote.url)).state, "true");
  },
);

s3.run();

const folder = suite("folder remote");

folder("a missing folder means unknown, never absent", async () => {
  const remote = await openRemote({ url: "file:///mnt/no-such-disk/vault.tar.aes", region: "x" });
  const presence = await remote.head();
  assert.is(presence.state, "unknown");
  const here = await newFolder();
  assert.match(failure(await pull({ remote, folder: here }), "remote-unavailable").hint ?? "", /mounted/);
  await put(here, randomBytes(100));
  failure(await push({ remote, folder: here, host: "a" }), "remote-unavailable");
});

folder("a vault from another program has no writer, and the old sidecar entry does not apply", async () => {
  const disk = await newFolder("disk");
  const remote = await openRemote({ url: pathToFileURL(join(disk, "v")).href, region: "x" });
  const here = await newFolder();
  await put(here, randomBytes(100));
  value(await push({ remote, folder: here, host: "a" }));
  await writeFile(join(disk, "v"), randomBytes(100));
  await put(here, randomBytes(100));
  assert.match(
    failure(await push({ remote, folder: here, host: "a" }), "conflict").message,
    /^Another program changed/,
  );
  assert.equal((await readdir(disk)).toSorted(), ["history", "v", "v.meta.json"]);
});

folder("a vault that is a symbolic link stays one, with its history where it leads to", async () => {
  const [disk, links, here] = [await newFolder("disk"), await newFolder("links"), await newFolder()];
  await symlink(join(disk, "v"), join(links, "v"));
  const remote = await openRemote({ url: pathToFileURL(join(links, "v")).href, region: "x" });
  for (const bytes of [randomBytes(100), randomBytes(100)]) {
    await put(here, bytes);
    value(await push({ remote, folder: here, host: "a" }));
    assert.ok((await readFile(join(disk, "v"))).equals(bytes));
  }
  assert.equal(await readdir(links), ["v"]);
  assert.equal((await readdir(disk)).toSorted(), ["history", "v", "v.meta.json"]);
  await rm(disk, { recursive: true });
  assert.is((await remote.head()).state, "unknown");
});

folder("without a remote there is nothing to push, and a pull fails with that reason", async () => {
  const remote = await openRemote({ url: "none", region: "x" });
  const here = join(await newFolder(), "vault");
  await mkdir(here);
  assert.is((await remote.credentials()).state, "true");
  assert.is((await checkPushed(here, "none")).state, "true");
  assert.match(failure(await pull({ remote, folder: here }), "remote-unavailable").reason, /no remote/);
});

folder.run();
