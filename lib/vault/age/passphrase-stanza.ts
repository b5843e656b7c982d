import { randomBytes } from "node:crypto";
import { scrypt } from "../../host/scrypt.js";
import type { Secret } from "../../host/secret.js";
import { decode, encode, type Stanza } from "./header.js";
import { fileKeyBytes, encrypt, tagBytes, decrypt } from "./keys.js";

/** log2 of scrypt's N, with r = 8 and p = 1: 256 MiB and about a second, as in `age -p`. */
const workFactor = 18;
/** The highest accepted work factor: 4 GiB and half a minute. A higher one only blocks the reader. */
export const maxWorkFactor = 22;
const label = Buffer.from("age-encryption.org/v1/scrypt");
const saltBytes = 16;
const nonce = Buffer.alloc(12);

/** Why a stanza cannot be used, whatever the passphrase. */
export type StanzaProblem = "not a passphrase" | "malformed" | "too much work";

/** A stanza that wraps the file key with a passphrase. */
export interface PassphraseStanza {
  readonly salt: Buffer;
  readonly logN: number;
  readonly body: Buffer;
}

/** Returns the passphrase stanza of a header, which must contain one scrypt stanza and no other. */
export function passphraseStanza(stanzas: readonly Stanza[]): PassphraseStanza | StanzaProblem {
  const [stanza] = stanzas;
  if (!stanzas.some(({ args }) => args[0] === "scrypt")) return "not a passphrase";
  if (stanza === undefined || stanzas.length !== 1) return "malformed";
  const [, saltText, factor, ...more] = stanza.args;
  const salt = saltText === undefined ? undefined : decode(saltText);
  if (salt?.length !== saltBytes || factor === undefined || more.length > 0) return "malformed";
  if (stanza.body.length !== fileKeyBytes + tagBytes || !/^[1-9][0-9]*$/.test(factor)) return "malformed";
  const logN = Number(factor);
  return logN > maxWorkFactor ? "too much work" : { salt, logN, body: stanza.body };
}

/** Returns the file key; undefined when it does not unwrap, as with a wrong passphrase. */
export async function unwrap(stanza: PassphraseStanza, passphrase: Secret): Promise<Buffer | undefined> {
  const key = await deriveWrapKey(passphrase, stanza.salt, stanza.logN);
  return decrypt(key, nonce, stanza.body);
}

const prepared = new WeakMap<Secret, Buffer>();

/** Starts deriving the key of a new salt, for the next `takeSalt`. */
export function prepareSalt(passphrase: Secret): void {
  if (!prepared.has(passphrase)) prepared.set(passphrase, startedSalt(passphrase));
}

/**
 * Returns a new salt whose key is being derived, for one `wrap`: two file keys wrapped with the same key and nonce would
 * reveal information about each other.
 */
export function takeSalt(passphrase: Secret): Buffer {
  const salt = prepared.get(passphrase) ?? startedSalt(passphrase);
  prepared.delete(passphrase);
  return salt;
}

function startedSalt(passphrase: Secret): Buffer {
  const salt = randomBytes(saltBytes);
  // `wrap` gets the error
  deriveWrapKey(passphrase, salt, workFactor).catch(() => undefined);
  return salt;
}

/** Wraps a file key with a passphrase, by default with a new salt. */
export async function wrap(
  fileKey: Buffer,
  passphrase: Secret,
  logN = workFactor,
  salt: Buffer = randomBytes(saltBytes),
): Promise<Stanza> {
  const key = await deriveWrapKey(passphrase, salt, logN);
  return { args: ["scrypt", encode(salt), String(logN)], body: encrypt(key, nonce, fileKey) };
}

/**
 * Derives the wrapping key outside the event loop's thread, which a second of work would block. Cached by salt: a vault
 * that was just sealed is opened for verification, and one that was opened is opened again.
 */
function deriveWrapKey(passphrase: Secret, salt: Buffer, logN: number): Promise<Buffer> {
  return passphrase.key(`scrypt ${logN} ${salt.toString("hex")}`, (bytes) =>
    scrypt(bytes, Buffer.concat([label, salt]), 32, { N: 2 ** logN, r: 8, p: 1 }),
  );
}
