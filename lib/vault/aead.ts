import { createDecipheriv } from "node:crypto";

/** Both ciphers of a vault have tags of 16 bytes. */
export const tagBytes = 16;

/**
 * Opens what ends with a tag over all of it (no associated data). Undefined when the tag does not fit; nothing is given
 * out then. `locked` has at least `tagBytes`.
 */
export function openTagged(
  cipher: "aes-256-gcm" | "chacha20-poly1305",
  key: Buffer,
  nonce: Buffer,
  locked: Buffer,
): Buffer | undefined {
  // node's types have these two apart, node has not; without an explicit length, Node 20 accepts GCM tags of 4 bytes
  const decipher = createDecipheriv(cipher as "aes-256-gcm", key, nonce, { authTagLength: tagBytes });
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
