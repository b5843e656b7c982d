import { randomBytes } from "node:crypto";
import { deriveKey, encrypt, tagBytes, decrypt } from "./keys.js";
import { ByteReader } from "./byte-reader.js";

/**
 * The payload of an age file: a nonce, then chunks of 64 KiB, each sealed for itself under a counter that also says
 * which one is the last (https://c2sp.org/age, "Payload"). On node's own ChaCha20-Poly1305, which does over 800 MiB/s
 * where the one in JavaScript of age-encryption does 120.
 */
const chunkBytes = 64 * 1024;
const nonceBytes = 16;

/** Seals what `plain` gives; one chunk is in memory at a time. Errors of `plain` are thrown on. */
export async function* sealPayload(fileKey: Buffer, plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const nonce = randomBytes(nonceBytes);
  const key = deriveKey(fileKey, nonce, "payload");
  const reader = new ByteReader(plain);
  try {
    yield nonce;
    for (let count = 0, last = false; !last; count++) {
      const chunk = await reader.take(chunkBytes);
      last = await reader.atEnd();
      yield encrypt(key, chunkNonce(count, last), chunk);
    }
  } finally {
    key.fill(0);
    await reader.close();
  }
}

/**
 * The plaintext, chunk by chunk, each given out once its tag has been checked. `damaged` makes the error to throw when
 * one does not fit, the end is missing, or something follows it.
 */
export async function* openPayload(
  fileKey: Buffer,
  reader: ByteReader,
  damaged: (detail: string) => Error,
): AsyncGenerator<Buffer> {
  const nonce = await reader.take(nonceBytes);
  if (nonce.length < nonceBytes) throw damaged("it ends before its content begins");
  const key = deriveKey(fileKey, nonce, "payload");
  try {
    for (let count = 0, last = false; !last; count++) {
      const chunk = await reader.take(chunkBytes + tagBytes);
      last = await reader.atEnd();
      // only a payload that is empty altogether may end with an empty chunk
      if (chunk.length < tagBytes || (chunk.length === tagBytes && count > 0))
        throw damaged("it is cut short");
      const place = `${Math.floor((count * chunkBytes) / 1024)} KiB into its content`;
      const plain = decrypt(key, chunkNonce(count, last), chunk);
      if (plain !== undefined) {
        if (plain.length > 0) yield plain;
        continue;
      }
      // a full chunk that is good in itself, in the wrong place: the specification lets it out before the error
      const full = chunk.length === chunkBytes + tagBytes;
      const misplaced = full ? decrypt(key, chunkNonce(count, !last), chunk) : undefined;
      if (misplaced === undefined) throw damaged(`it was changed, or cut short, ${place}`);
      if (misplaced.length > 0) yield misplaced;
      throw damaged(last ? `it is cut short, ${place}` : `something was added to it, ${place}`);
    }
  } finally {
    key.fill(0);
    await reader.close();
  }
}

/** Eleven bytes of counter, and one that is 1 for the last chunk. */
function chunkNonce(count: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(count, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
}
