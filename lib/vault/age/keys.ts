import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";

/** The size of a file key, in bytes. */
export const fileKeyBytes = 16;
/** The size of a Poly1305 tag, in bytes. */
export const tagBytes = 16;
const keyBytes = 32;
const none = Buffer.alloc(0);

/** Derives a key from the file key: HKDF-SHA256 with the salt and label that the age format specifies. */
export function deriveKey(fileKey: Buffer, salt: Buffer, label: "header" | "payload"): Buffer {
  return Buffer.from(hkdfSync("sha256", fileKey, salt, label, keyBytes));
}

/** Returns the MAC of a header. `covered` is everything up to and including `---`. */
export function headerMac(fileKey: Buffer, covered: Buffer): Buffer {
  const key = deriveKey(fileKey, none, "header");
  const mac = createHmac("sha256", key).update(covered).digest();
  key.fill(0);
  return mac;
}

/** Encrypts with ChaCha20-Poly1305, without associated data; the tag follows the ciphertext. */
export function encrypt(key: Buffer, nonce: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: tagBytes });
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([body, cipher.getAuthTag()]);
}

/** Decrypts what `encrypt` returned; undefined when the tag does not match. `locked` has at least `tagBytes` bytes. */
export function decrypt(key: Buffer, nonce: Buffer, locked: Buffer): Buffer | undefined {
  const decipher = createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: tagBytes });
  decipher.setAuthTag(locked.subarray(-tagBytes));
  const plain = decipher.update(locked.subarray(0, -tagBytes));
  try {
    decipher.final();
    return plain;
  } catch {
    plain.fill(0);
    return undefined;
  }
}
