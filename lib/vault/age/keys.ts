import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";

export const fileKeyBytes = 16;
export const tagBytes = 16;
const keyBytes = 32;
const none = Buffer.alloc(0);

/** A key made from the file key: HKDF-SHA256 with the salt and the label that the age format gives it. */
export function deriveKey(fileKey: Buffer, salt: Buffer, label: "header" | "payload"): Buffer {
  return Buffer.from(hkdfSync("sha256", fileKey, salt, label, keyBytes));
}

/** The MAC of a header: over everything up to and with `---`. */
export function headerMac(fileKey: Buffer, covered: Buffer): Buffer {
  const key = deriveKey(fileKey, none, "header");
  const mac = createHmac("sha256", key).update(covered).digest();
  key.fill(0);
  return mac;
}

/** ChaCha20-Poly1305 without associated data: the ciphertext with its tag behind it. */
export function encrypt(key: Buffer, nonce: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: tagBytes });
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([body, cipher.getAuthTag()]);
}

/** Undefined when the tag does not fit; nothing is given out then. `locked` has at least `tagBytes`. */
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
