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
 * The format of the Go tazpod: salt(32) ‖ nonce(12) ‖ AES-256-GCM ciphertext ‖ tag(16), with the key from
 * PBKDF2-HMAC-SHA256, 100,000 rounds, over the passphrase's bytes as they are. No magic, no associated data.
 * See docs/vault-format.md; held to test/fixture/vectors-v1.
 */
const rounds = 100_000;
const saltBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const partBytes = 256 * 1024;
const keyBytes = 32;
const cipherName = "aes-256-gcm";

/** What is shorter cannot be a v1 vault. */
export const minV1Bytes = saltBytes + nonceBytes + tagBytes;

const derive = promisify(pbkdf2);

/** Once for each salt: what was just sealed is opened for proof, and what was opened is opened again to be read. */
function deriveKey(passphrase: Secret, salt: Buffer): Promise<Buffer> {
  return passphrase.key(`pbkdf2 ${salt.toString("hex")}`, (bytes) =>
    derive(bytes, salt, rounds, keyBytes, "sha256"),
  );
}

/** Sealed bytes that can be read more than once: a file, or a buffer. */
export interface SealedSource {
  readonly bytes: number;
  readonly read: () => AsyncIterable<Buffer>;
}

/**
 * Opens a vault of at least `leastV1Bytes`: undefined when the tag does not fit, which means a wrong passphrase or a
 * changed file; the format cannot tell which. The tag is at the end and nothing may be given out before it is checked, so
 * it is read twice: once to check it, by parts whose digests are kept, and once to give out what those parts hold. One
 * that is not the part that was checked makes `plain` throw what `changed` gives. A part is in memory at a time.
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
  // became shorter since it was looked at
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

/** What is between the head, which was read, and the tag. */
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

/** A file that became shorter while it was read has less of a tag; it does not fit. */
function padded(tag: Buffer): Buffer {
  return Buffer.concat([tag, Buffer.alloc(tagBytes - tag.length)]);
}

function digestOf(part: Buffer): string {
  return createHash("sha256").update(part).digest("hex");
}

/** Seals what `plain` gives, with a fresh salt and nonce, piece by piece. Errors of `plain` are thrown on. */
export async function* sealV1(plain: AsyncIterable<Buffer>, passphrase: Secret): AsyncGenerator<Buffer> {
  const salt = randomBytes(saltBytes);
  const nonce = randomBytes(nonceBytes);
  const key = await deriveKey(passphrase, salt);
  const cipher = createCipheriv(cipherName, key, nonce, { authTagLength: tagBytes });
  yield Buffer.concat([salt, nonce]);
  for await (const chunk of plain) yield cipher.update(chunk);
  yield Buffer.concat([cipher.final(), cipher.getAuthTag()]);
}
