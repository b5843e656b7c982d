import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { Secret } from "../secret.js";

/**
 * The format of the Go tazpod: salt(32) ‖ nonce(12) ‖ AES-256-GCM ciphertext ‖ tag(16), with the key from
 * PBKDF2-HMAC-SHA256, 100,000 rounds, over the passphrase's bytes as they are. No magic, no associated data.
 * See docs/vault-format.md; held to test/fixture/vectors-v1.
 */
const rounds = 100_000;
const saltBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;
const cipherName = "aes-256-gcm";

/** What is shorter cannot be a v1 vault. */
export const leastV1Bytes = saltBytes + nonceBytes + tagBytes;

const derive = promisify(pbkdf2);

async function withKey<T>(passphrase: Secret, salt: Buffer, work: (key: Buffer) => T): Promise<Awaited<T>> {
  const key = await passphrase.use((bytes) => derive(bytes, salt, rounds, keyBytes, "sha256"));
  try {
    return await work(key);
  } finally {
    key.fill(0);
  }
}

/**
 * The plaintext, in a buffer that the caller wipes; undefined when the tag does not fit, which means a wrong
 * passphrase or a changed file: the format cannot tell which. Nothing is given out before the tag is checked.
 * `sealed` has at least `leastV1Bytes`.
 */
export function openV1(sealed: Buffer, passphrase: Secret): Promise<Buffer | undefined> {
  const salt = sealed.subarray(0, saltBytes);
  const nonce = sealed.subarray(saltBytes, saltBytes + nonceBytes);
  const body = sealed.subarray(saltBytes + nonceBytes, sealed.length - tagBytes);
  const tag = sealed.subarray(sealed.length - tagBytes);
  return withKey(passphrase, salt, (key) => {
    // Without an explicit length, Node 20 accepts tags of 4 bytes.
    const decipher = createDecipheriv(cipherName, key, nonce, { authTagLength: tagBytes });
    decipher.setAuthTag(tag);
    const plain = decipher.update(body);
    try {
      decipher.final();
      return plain;
    } catch {
      plain.fill(0);
      return undefined;
    }
  });
}

/** Seals what `plain` gives, with a fresh salt and nonce, piece by piece. Errors of `plain` are thrown on. */
export async function* sealV1(plain: AsyncIterable<Buffer>, passphrase: Secret): AsyncGenerator<Buffer> {
  const salt = randomBytes(saltBytes);
  const nonce = randomBytes(nonceBytes);
  const cipher = await withKey(passphrase, salt, (key) =>
    createCipheriv(cipherName, key, nonce, { authTagLength: tagBytes }),
  );
  yield Buffer.concat([salt, nonce]);
  for await (const chunk of plain) yield cipher.update(chunk);
  yield Buffer.concat([cipher.final(), cipher.getAuthTag()]);
}
