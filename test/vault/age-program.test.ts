// needs: age, tar, script
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Secret } from "../../lib/host/secret.js";
import { normalise } from "../../lib/vault/archive/normalise.js";
import { openVault } from "../../lib/vault/open-vault.js";
import { newFolder } from "../rig/folder.js";
import { passphrase } from "../rig/host.js";
import { rawTar } from "../rig/hostile-tar.js";
import { Pty } from "../rig/pty.js";
import { drain, readTar } from "../rig/read-tar.js";
import { value } from "../rig/result.js";
import { repository } from "../rig/root.js";
import { sealed } from "../rig/seal.js";

// Debian's age reads its passphrase from a terminal, so it gets one.
const test = suite("the age program");
const policy = { limitBytes: 63 * 1024 * 1024, format: "age" } as const;
const large = Buffer.alloc(300_000, "0123456789abcdef");
const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

test.after(() => Pty.endAll());

/** The command in the document, without its indent. */
async function recoveryCommand(document: string): Promise<string> {
  const text = await readFile(join(repository, document), "utf8");
  const command = /age -d vault\.tar\.aes \| tar [a-z]+(?: -)?/.exec(text)?.[0];
  assert.ok(command, `no recovery command in ${document}`);
  return command ?? "";
}

for (const document of ["docs/vault-format.md", "README.md"]) {
  test(`the command of ${document} opens a vault that tazpod sealed`, () => opensOurs(document));
}

async function opensOurs(document: string): Promise<void> {
  const folder = await newFolder();
  const { tar, summary } = normalise(
    Readable.from([
      rawTar([
        { name: ".ssh/id", mode: 0o600, content: "a key" },
        { name: "large", content: large },
        { name: "link", type: "2", target: ".ssh/id" },
      ]),
    ]),
    policy,
  );
  await writeFile(
    join(folder, "vault.tar.aes"),
    value(await sealed(tar, Secret.fromText(passphrase), "age")),
  );
  value(await summary);
  const pty = new Pty(["sh", "-c", await recoveryCommand(document)], { cwd: folder });
  await pty.secret("Enter passphrase:", passphrase);
  assert.is(await pty.ended, 0, pty.screen);
  assert.equal((await readdir(folder)).toSorted(), [".ssh", "large", "link", "vault.tar.aes"]);
  assert.is(await readFile(join(folder, "link"), "utf8"), "a key");
  assert.is(digest(await readFile(join(folder, "large"))), digest(large));
}

test("a vault made with `tar cz | age -p` opens here", async () => {
  const folder = await newFolder();
  await mkdir(join(folder, "in", "sub"), { recursive: true });
  await writeFile(join(folder, "in", "sub", "key"), "a key", { mode: 0o640 });
  await writeFile(join(folder, "in", "large"), large);
  execFileSync("tar", ["-C", "in", "-czf", "plain.tgz", "."], { cwd: folder });
  const pty = new Pty(["age", "-p", "-o", "vault.tar.aes", "plain.tgz"], { cwd: folder });
  await pty.expect("Enter passphrase");
  pty.line(passphrase);
  await pty.secret("Confirm passphrase:", passphrase);
  assert.is(await pty.ended, 0, pty.screen);
  const opened = value(await openVault(join(folder, "vault.tar.aes"), Secret.fromText(passphrase)));
  const { tar, summary } = normalise(opened.tar, policy);
  const entries = await readTar(await drain(tar));
  assert.is(value(await summary).files, 2);
  assert.is(opened.sha256(), digest(await readFile(join(folder, "vault.tar.aes"))));
  assert.is(entries.find(({ name }) => name === "sub/key")?.content.toString(), "a key");
  assert.ok(entries.find(({ name }) => name === "large")?.content.equals(large));
});

test.run();
