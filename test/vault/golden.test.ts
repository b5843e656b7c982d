import { createHash } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Secret } from "../../lib/host/secret.js";
import { inspectVault } from "../../lib/vault/inspect-vault.js";
import { failure, value } from "../rig/result.js";
import { fixture } from "../rig/root.js";

const test = suite("golden vaults");
const word = "golden ✓ passphrase ";
const digests = {
  v1: "f5624ea7f4b2fd1549132f70075c819e4478c830d29be0025d1d9864269d3351",
  age: "caedf3b9e93e6cc3900f44436c72665afe8cd538122391b09fbc0e29baecc374",
} as const;

for (const format of ["v1", "age"] as const) {
  const path = fixture("golden", `${format}.tar.aes`);

  test(`the ${format} vault of the first release opens with every name, mode and byte`, async () => {
    const found = value(await inspectVault(path, Secret.fromText(word)));
    assert.is(found.format, format);
    assert.is(found.summary.digest, digests[format]);
    const files = found.summary.entries.filter(({ entry }) => entry.type === "file");
    assert.equal(
      files.map(({ entry }) => [entry.path, entry.mode.toString(8), entry.size]),
      [
        [".aws/credentials", "600", 37],
        ["chiavi/perché è così.txt", "640", 8],
        ["empty", "644", 0],
        ["bin", "755", 5000],
      ],
    );
    const perche = createHash("sha256").update("perché\n").digest("hex");
    assert.is(files[1]?.sha256, perche);
    assert.is(found.summary.manifest?.generation, format === "age" ? 1 : undefined);
  });

  test(`the ${format} vault of the first release stays closed to another passphrase`, async () => {
    failure(await inspectVault(path, Secret.fromText(word.trim())), "wrong-passphrase");
  });
}

test.run();
