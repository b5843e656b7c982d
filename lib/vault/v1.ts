import {
  createCipheriv,
  createDecipheriv,
  createHash,
  type DecipherGCM,
  type Hash,
  pbkdf2,
  randomBytes,
} from "node:crypto";
import { promisify } from "node:util";
import type { Secret } from "../host/secret.js";
import { ByteReader } from "./age/byte-reader.js";

/**
 * The Go tazpod's format: salt(32) ‖ nonce(12) ‖ AES-256-GCM ciphertext ‖ tag(16); the key is PBKDF2-HMAC-SHA256 with
 * 100,000 rounds over the passphrase's raw bytes. No signature, no associated data. Tested against
 * test/fixture/vectors-v1.
 */
const rounds = 100_000;
const saltBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const partBytes = 256 * 1024;
const keyBytes = 32;
const cipherName = "aes-256-gcm";

/** The minimum size of a v1 vault. */
export const minV1Bytes = saltBytes + nonceBytes + tagBytes;

const derive = promisify(pbkdf2);

/** Derives the key, cached by salt: a vault is opened again to be verified or read. */
function deriveKey(passphrase: Secret, salt: Buffer): Promise<Buffer> {
  return passphrase.key(`pbkdf2 ${salt.toString("hex")}`, (bytes) =>
    derive(bytes, salt, rounds, keyBytes, "sha256"),
  );
}

/** Sealed bytes that can be read repeatedly: a file or a buffer. */
export interface SealedSource {
  readonly bytes: number;
  readonly read: () => AsyncIterable<Buffer>;
}

/**
 * Opens a vault of at least `minV1Bytes`; undefined when the tag does not match, which means a wrong passphrase or a
 * changed file. Nothing may be returned before the tag at the end is checked, so the file is read twice: once to check
 * it, recording a digest per block, and once to decrypt the blocks. `plain` throws `changed()` for a block that
 * differs. One block is in memory at a time.
 */
export async function openV1(
  sealed: SealedSource,
  passphrase: Secret,
  changed: () => Error,
): Promise<{ plain: AsyncGenerator<Buffer>; sha256: string } | undefined> {
  const whole = createHash("sha256");
  const parts: string[] = [];
  const reader = new ByteReader(hashing(sealed.read(), whole));
  const head = await reader.take(saltBytes + nonceBytes);
  // it was shortened since its size was read
  if (head.length < saltBytes + nonceBytes) return undefined;
  const decipher = decipherFor(await deriveKey(passphrase, head.subarray(0, saltBytes)), head);
  for await (const part of partsOf(reader, sealed.bytes)) {
    parts.push(digestOf(part));
    decipher.update(part).fill(0);
  }
  decipher.setAuthTag(padded(await reader.take(tagBytes)));
  const ended = await reader.atEnd();
  await reader.close();
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  if (!ended) return undefined;
  return { plain: decryptChecked(sealed, head, passphrase, parts, changed), sha256: whole.digest("hex") };
}

async function* decryptChecked(
  sealed: SealedSource,
  head: Buffer,
  passphrase: Secret,
  parts: readonly string[],
  changed: () => Error,
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(sealed.read());
  const decipher = decipherFor(await deriveKey(passphrase, head.subarray(0, saltBytes)), head);
  let index = 0;
  try {
    if (!(await reader.take(head.length)).equals(head)) throw changed();
    for await (const part of partsOf(reader, sealed.bytes)) {
      if (digestOf(part) !== parts[index++]) throw changed();
      yield decipher.update(part);
    }
    if (index !== parts.length) throw changed();
  } finally {
    await reader.close();
  }
}

/** Reads the blocks between the head and the tag. */
async function* partsOf(reader: ByteReader, bytes: number): AsyncGenerator<Buffer> {
  for (let left = bytes - minV1Bytes; left > 0; left -= partBytes) {
    const part = await reader.take(Math.min(partBytes, left));
    if (part.length === 0) return;
    yield part;
  }
}

async function* hashing(source: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
}

function decipherFor(key: Buffer, head: Buffer): DecipherGCM {
  // Without an explicit length, Node 20 accepts tags of 4 bytes.
  return createDecipheriv(cipherName, key, head.subarray(saltBytes), { authTagLength: tagBytes });
}

/** Pads the tag of a file that was shortened while read; it then does not match. */
function padded(tag: Buffer): Buffer {
  return Buffer.concat([tag, Buffer.alloc(tagBytes - tag.length)]);
}

function digestOf(part: Buffer): string {
  return createHash("sha256").update(part).digest("hex");
}

/** Encrypts `plain` with a new salt and nonce, in chunks. Rethrows errors of `plain`. */
export async function* sealV1(plain: AsyncIterable<Buffer>, passphrase: Secret): AsyncGenerator<Buffer> {
  const salt = randomBytes(saltBytes);
  const nonce = randomBytes(nonceBytes);
  const key = await deriveKey(passphrase, salt);
  const cipher = createCipheriv(cipherName, key, nonce, { authTagLength: tagBytes });
  yield Buffer.concat([salt, nonce]);
  for await (const chunk of plain) yield cipher.update(chunk);
  yield Buffer.concat([cipher.final(), cipher.getAuthTag()]);
}
