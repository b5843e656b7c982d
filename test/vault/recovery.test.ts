import { execFileSync } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { fixture, repository } from "../rig/root.js";

const test = suite("recovery");

test("the commands of docs/vault-format.md open a vault without tazpod", async () => {
  const text = await readFile(join(repository, "docs/vault-format.md"), "utf8");
  const command = [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .map((match) => match[1] ?? "")
    .find((code) => code.startsWith("node "));
  assert.ok(command, "no node command in docs/vault-format.md");
  const folder = await newFolder();
  await copyFile(fixture("vectors-v1", "operator.tar.aes"), join(folder, "vault.tar.aes"));
  await writeFile(join(folder, "passphrase-file"), "correct horse battery\n");
  await mkdir(join(folder, "out"));
  execFileSync("sh", ["-c", command?.replace("tar xf -", "tar -C out -xf -") ?? ""], { cwd: folder });
  assert.equal((await readdir(join(folder, "out", ".ssh"))).toSorted(), ["id_ed25519", "link"]);
});

test.run();
