import { randomBytes, scryptSync } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { scrypt } from "../../lib/host/scrypt.js";

const salt = randomBytes(44);

for (const [what, N] of [
  ["little work", 2 ** 10],
  ["so much memory that it is done in a process of its own", 2 ** 16],
] as const) {
  test(`the key equals scrypt's, for ${what} and any bytes`, async () => {
    for (const password of [Buffer.from("correct horse battery"), Buffer.alloc(1), randomBytes(1024)]) {
      const key = await scrypt(password, salt, 32, { N, r: 8, p: 1 });
      assert.equal(key, scryptSync(password, salt, 32, { N, r: 8, p: 1, maxmem: 2 ** 28 }));
    }
  });
}

test("if the separate process fails, this process computes the key", async () => {
  const before = process.execPath;
  try {
    for (const program of ["/bin/false", "/bin/true", "/nowhere/node"]) {
      process.execPath = program;
      const key = await scrypt(Buffer.from("pass"), salt, 32, { N: 2 ** 16, r: 8, p: 1 });
      assert.equal(key, scryptSync("pass", salt, 32, { N: 2 ** 16, r: 8, p: 1, maxmem: 2 ** 28 }));
    }
  } finally {
    process.execPath = before;
  }
});

test("too much memory is an error, as with node's own scrypt", async () => {
  let message = "";
  await scrypt(Buffer.from("pass"), salt, 32, { N: 2 ** 16 + 1, r: 8, p: 1 }).catch((error: unknown) => {
    message = error instanceof Error && "code" in error ? String(error.code) : "no code";
  });
  assert.match(message, /^ERR_CRYPTO/);
});

test.run();
