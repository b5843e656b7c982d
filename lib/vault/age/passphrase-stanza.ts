import { randomBytes } from "node:crypto";
import { scrypt } from "../../host/scrypt.js";
import type { Secret } from "../../host/secret.js";
import { decode, encode, type Stanza } from "./header.js";
import { fileKeyBytes, encrypt, tagBytes, decrypt } from "./keys.js";

/** scrypt with N = 2^18, r = 8, p = 1: 256 MiB and about a second, as `age -p` has it. */
const workFactor = 18;
/** 4 GiB and half a minute; whoever asks for more wants to stop us, not to keep somebody out. */
export const maxWorkFactor = 22;
const label = Buffer.from("age-encryption.org/v1/scrypt");
const saltBytes = 16;
const nonce = Buffer.alloc(12);

/** Why a stanza cannot be used: nothing to do with the passphrase. */
export type StanzaProblem = "not a passphrase" | "malformed" | "too much work";

export interface PassphraseStanza {
  readonly salt: Buffer;
  readonly logN: number;
  readonly body: Buffer;
}

/** What a header must hold for a passphrase: one stanza of type scrypt, and no other. */
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

/** The file key; undefined when it does not unwrap, which is how a wrong passphrase shows. */
export async function unwrap(stanza: PassphraseStanza, passphrase: Secret): Promise<Buffer | undefined> {
  const key = await deriveWrapKey(passphrase, stanza.salt, stanza.logN);
  return decrypt(key, nonce, stanza.body);
}

/**
 * A salt whose key is being made from now on, for a `wrap` that comes later. For one alone: two file keys under the same
 * key would tell of each other.
 */
export function prepareSalt(passphrase: Secret): Buffer {
  const salt = randomBytes(saltBytes);
  // whoever uses it meets the error
  deriveWrapKey(passphrase, salt, workFactor).catch(() => undefined);
  return salt;
}

/** Wraps a file key with a passphrase, under a fresh salt. */
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
 * Not on the event loop's thread: a second of work must not hold up what else goes on. And once for each salt: what was
 * just sealed is opened for proof, and what was opened is asked again before it is replaced.
 */
function deriveWrapKey(passphrase: Secret, salt: Buffer, logN: number): Promise<Buffer> {
  return passphrase.key(`scrypt ${logN} ${salt.toString("hex")}`, (bytes) =>
    scrypt(bytes, Buffer.concat([label, salt]), 32, { N: 2 ** logN, r: 8, p: 1 }),
  );
}
