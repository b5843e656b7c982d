// needs: busybox
import { spawn } from "node:child_process";
import { link, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "uvu";
import * as assert from "uvu/assert";
import "../fake/light-scrypt.cjs";
import { Secret } from "../../lib/host/secret.js";
import { listVault } from "../../lib/vault/inspect-vault.js";
import { summarise } from "../../lib/vault/archive/normalise.js";
import { interpretTar } from "../../lib/vault/archive/tar-warnings.js";
import { omittedPaths, sealInto, type TarSource } from "../../lib/vault/seal-into.js";
import { newFolder } from "../rig/folder.js";
import { run } from "../rig/host.js";
import { value } from "../rig/result.js";
import { filesIn } from "../rig/vault-of-files.js";

// What real tar programs make of a folder with everything that a vault cannot hold as it is.

const passphrase = Secret.fromText("correct horse battery");

function pack(program: readonly string[], folder: string, lenient = false): TarSource {
  const [name = "", ...first] = program;
  const packing = spawn(name, [...first, "-c", "-f", "-", "-C", folder, "."], {
    env: { ...process.env, LC_ALL: "C" },
  });
  const code = new Promise<number>((resolve) => packing.on("close", (ended) => resolve(ended ?? -1)));
  const done = Promise.all([code, text(packing.stderr)]);
  // what is not read yet when the program ends would be lost
  const tar = packing.stdout.pipe(new PassThrough());
  return { tar, done: done.then(([ended, said]) => interpretTar(ended, said, lenient)) };
}

for (const program of [["tar"], ["busybox", "tar"]])
  for (const format of ["age", "v1"] as const)
    test(`${program.join(" ")}, ${format}: hard links become files; sockets and pipes are left out and named`, async () => {
      const [secrets, folder] = [await newFolder("secrets"), await newFolder("vault")];
      const content = "x".repeat(150_000);
      await mkdir(join(secrets, "sub"));
      await writeFile(join(secrets, "one"), content, { mode: 0o600 });
      await link(join(secrets, "one"), join(secrets, "sub", "two"));
      await link(join(secrets, "one"), join(secrets, "three"));
      await writeFile(join(secrets, "empty"), "", { mode: 0o600 });
      await link(join(secrets, "empty"), join(secrets, "empty too"));
      assert.is((await run("mkfifo", [join(secrets, "pipe")])).code, 0);
      const server = createServer().unref();
      await new Promise<void>((resolve) => server.listen(join(secrets, "S.gpg-agent"), resolve));
      const sealed = value(
        await sealInto({
          ...{ folder, passphrase, format, limitBytes: 2 ** 22 },
          source: () => pack(program, secrets),
        }),
      );
      assert.equal(omittedPaths(sealed).toSorted(), ["S.gpg-agent", "pipe"]);
      const { files } = await filesIn(sealed.path, passphrase);
      assert.equal(
        Object.fromEntries(files),
        { one: content, "sub/two": content, three: content, empty: "", "empty too": "" },
        JSON.stringify([...files.keys()]),
      );
    });

test("content that was just listed is read once more, and listed again if it has changed since", async () => {
  const [secrets, folder] = [await newFolder("secrets"), await newFolder("vault")];
  const limitBytes = 2 ** 22;
  await writeFile(join(secrets, "one"), "x".repeat(150_000));
  await link(join(secrets, "one"), join(secrets, "two"));
  const hardLinks = new Set<string>();
  const reading = summarise(pack(["tar"], secrets).tar, { limitBytes, format: "age", hardLinks });
  const listed = { ...value(await reading), hardLinks };
  for (const [change, readings] of [
    ["", 1],
    ["y", 3],
  ] as const) {
    if (change !== "") await writeFile(join(secrets, "one"), change);
    let read = 0;
    const source = (): TarSource => (read++, pack(["tar"], secrets));
    const sealed = value(await sealInto({ folder, passphrase, format: "age", limitBytes, source, listed }));
    assert.is(read, readings);
    const { files } = await filesIn(sealed.path, passphrase);
    const expected = change === "" ? "x".repeat(150_000) : change;
    assert.equal(Object.fromEntries(files), { one: expected, two: expected });
    const inside = value(await listVault(sealed.path, passphrase));
    assert.is(inside.manifest?.digest, sealed.summary.digest);
  }
});

for (const program of [["tar"], ["busybox", "tar"]])
  for (const format of ["age", "v1"] as const)
    test(`${program.join(" ")}, ${format}: a program that makes and removes files all the time does not prevent a save of the others`, async () => {
      const [secrets, folder] = [await newFolder("secrets"), await newFolder("vault")];
      await mkdir(join(secrets, "db"));
      await writeFile(join(secrets, "key"), "x".repeat(8_000_000));
      const over = new AbortController();
      const busy = (async () => {
        for (let number = 0; !over.signal.aborted; number++)
          for (const place of [secrets, join(secrets, "db")]) {
            await writeFile(join(place, `journal-${number}`), "j");
            await rm(join(place, `journal-${number}`));
            await sleep(10);
          }
      })();
      const sealed = await sealInto({
        ...{ folder, passphrase, format, limitBytes: 2 ** 24, lenient: true },
        source: () => pack(program, secrets, true),
      });
      over.abort();
      await busy;
      const { files } = await filesIn(value(sealed).path, passphrase);
      assert.is(files.get("key")?.length, 8_000_000);
    });

test.run();
