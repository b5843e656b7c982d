import { inspect } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Secret } from "../../lib/host/secret.js";

const text = "correct horse";

test("a secret is never part of a text, of JSON or of what is inspected", () => {
  const secret = Secret.fromText(text);
  for (const shown of [`${secret}`, JSON.stringify({ secret }), inspect({ secret }), inspect(secret)]) {
    assert.match(shown, "[secret]");
    assert.not.match(shown, text);
  }
  assert.is(
    secret.use((bytes) => bytes.toString()),
    text,
  );
});

test("a wiped secret is overwritten, with the keys derived from it, and cannot be used", async () => {
  const [bytes, key] = [Buffer.from(text), Buffer.from("a key")];
  const secret = Secret.of(bytes);
  assert.is(await secret.key("one", async () => key), key);
  secret.wipe();
  await new Promise(setImmediate);
  assert.ok(bytes.every((byte) => byte === 0));
  assert.ok(key.every((byte) => byte === 0));
  assert.throws(() => secret.use(() => 0), /after it was wiped/);
  assert.throws(() => secret.equals(Secret.fromText(text)), /after it was wiped/);
});

test("a derived key is made once for each name, and again after a failure", async () => {
  const secret = Secret.fromText(text);
  let made = 0;
  const make = async (bytes: Buffer): Promise<Buffer> => Buffer.from(`${bytes.toString()} ${(made += 1)}`);
  assert.is((await secret.key("a", make)).toString(), `${text} 1`);
  assert.is((await secret.key("a", make)).toString(), `${text} 1`);
  assert.is((await secret.key("b", make)).toString(), `${text} 2`);
  const failing = secret.key("c", () => Promise.reject(new Error("no")));
  assert.is(await failing.catch(() => "failed"), "failed");
  assert.is((await secret.key("c", make)).toString(), `${text} 3`);
});

test("secrets are equal if their bytes are", () => {
  assert.ok(Secret.fromText(text).equals(Secret.fromText(text)));
  assert.not.ok(Secret.fromText(text).equals(Secret.fromText(`${text} `)));
});

test.run();
