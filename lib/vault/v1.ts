import { createCipheriv, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { Secret } from "../secret.js";
import { openTagged, tagBytes } from "./aead.js";

/**
 * The format of the Go tazpod: salt(32) ‖ nonce(12) ‖ AES-256-GCM ciphertext ‖ tag(16), with the key from
 * PBKDF2-HMAC-SHA256, 100,000 rounds, over the passphrase's bytes as they are. No magic, no associated data.
 * See docs/vault-format.md; held to test/fixture/vectors-v1.
 */
const rounds = 100_000;
const saltBytes = 32;
const nonceBytes = 12;
const keyBytes = 32;
const cipherName = "aes-256-gcm";

/** What is shorter cannot be a v1 vault. */
export const leastV1Bytes = saltBytes + nonceBytes + tagBytes;

const derive = promisify(pbkdf2);

/** Once for each salt: what was just sealed is opened for proof, and what was opened is opened again to be read. */
function keyOf(passphrase: Secret, salt: Buffer): Promise<Buffer> {
  return passphrase.key(`pbkdf2 ${salt.toString("hex")}`, (bytes) =>
    derive(bytes, salt, rounds, keyBytes, "sha256"),
  );
}

/**
 * The plaintext, in a buffer that the caller wipes; undefined when the tag does not fit, which means a wrong
 * passphrase or a changed file: the format cannot tell which. Nothing is given out before the tag is checked.
 * `sealed` has at least `leastV1Bytes`.
 */
export async function openV1(sealed: Buffer, passphrase: Secret): Promise<Buffer | undefined> {
  const salt = sealed.subarray(0, saltBytes);
  const nonce = sealed.subarray(saltBytes, saltBytes + nonceBytes);
  const key = await keyOf(passphrase, salt);
  return openTagged(cipherName, key, nonce, sealed.subarray(saltBytes + nonceBytes));
}

/** Seals what `plain` gives, with a fresh salt and nonce, piece by piece. Errors of `plain` are thrown on. */
export async function* sealV1(plain: AsyncIterable<Buffer>, passphrase: Secret): AsyncGenerator<Buffer> {
  const salt = randomBytes(saltBytes);
  const nonce = randomBytes(nonceBytes);
  const key = await keyOf(passphrase, salt);
  const cipher = createCipheriv(cipherName, key, nonce, { authTagLength: tagBytes });
  yield Buffer.concat([salt, nonce]);
  for await (const chunk of plain) yield cipher.update(chunk);
  yield Buffer.concat([cipher.final(), cipher.getAuthTag()]);
}
