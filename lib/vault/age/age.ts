import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Failure } from "../../failure/failure.js";
import { Failed } from "../../failure/result.js";
import type { Secret } from "../../host/secret.js";
import { coveredBytes, headerBytes, headerLength, parseHeader } from "./header.js";
import { fileKeyBytes, headerMac } from "./keys.js";
import {
  maxWorkFactor,
  passphraseStanza,
  type PassphraseStanza,
  type StanzaProblem,
  unwrap,
  wrap,
} from "./passphrase-stanza.js";
import { openPayload, sealPayload } from "./payload.js";
import { ByteReader } from "./byte-reader.js";

/**
 * The age file format (https://c2sp.org/age) with one passphrase, tested against C2SP/CCTV's vectors, Debian's `age`
 * and the age-encryption package. That package is not used here: loading it takes as long as the rest of an unlock.
 */
const maxHeaderBytes = 64 * 1024;

/**
 * Encrypts `plain` into an age file, yielded in chunks. `salt` comes from `takeSalt`. Rethrows errors of `plain`.
 */
export async function* sealAge(
  plain: AsyncIterable<Buffer>,
  passphrase: Secret,
  workFactor?: number,
  salt?: Buffer,
): AsyncGenerator<Buffer> {
  const fileKey = randomBytes(fileKeyBytes);
  try {
    const covered = coveredBytes([await wrap(fileKey, passphrase, workFactor, salt)]);
    yield headerBytes(covered, headerMac(fileKey, covered));
    yield* sealPayload(fileKey, plain);
  } finally {
    fileKey.fill(0);
  }
}

/**
 * Decrypts an age file. Each chunk is authenticated before it is yielded; the generator throws `Failed`
 * (`vault-damaged`) on a chunk that fails. Rejects with `Failed`: `wrong-passphrase` when the file key does not unwrap,
 * `vault-damaged`, and `vault-format` for age features that vaults do not use.
 */
export async function openAge(
  source: AsyncIterable<Buffer>,
  passphrase: Secret,
  path: string,
): Promise<AsyncGenerator<Buffer>> {
  const reader = new ByteReader(source);
  const damaged = (detail: string): Failed => new Failed({ kind: "vault-damaged", path, detail });
  try {
    const fileKey = await openHeader(reader, passphrase, path, damaged);
    return wipeAfter(fileKey, openPayload(fileKey, reader, damaged));
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function openHeader(
  reader: ByteReader,
  passphrase: Secret,
  path: string,
  damaged: (detail: string) => Failed,
): Promise<Buffer> {
  const head = await reader.takeUntil(headerLength, maxHeaderBytes);
  const header = head === undefined ? undefined : parseHeader(head);
  if (header === undefined) throw damaged("its age header is invalid or truncated");
  const stanza = passphraseStanza(header.stanzas);
  if (typeof stanza === "string") throw new Failed(stanzaFailure(stanza, path));
  const fileKey = await unwrapFileKey(stanza, passphrase, path);
  if (fileKey === undefined) throw new Failed({ kind: "wrong-passphrase", path, tries: 1 });
  if (!timingSafeEqual(headerMac(fileKey, header.covered), header.mac))
    throw damaged("its header was changed");
  return fileKey;
}

async function unwrapFileKey(
  stanza: PassphraseStanza,
  passphrase: Secret,
  path: string,
): Promise<Buffer | undefined> {
  try {
    return await unwrap(stanza, passphrase);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && String(error.code).startsWith("ERR_CRYPTO")))
      throw error;
    const need = `${2 ** stanza.logN / 2 ** 20} GiB`;
    throw new Failed({
      kind: "vault-format",
      path,
      detail: `checking its passphrase needs ${need} of memory, which this machine does not have`,
    });
  }
}

function stanzaFailure(why: StanzaProblem, path: string): Failure {
  switch (why) {
    case "not a passphrase":
      return {
        kind: "vault-format",
        path,
        detail: "it is an age file for key recipients; a vault is sealed with a passphrase",
      };
    case "malformed":
      return {
        kind: "vault-damaged",
        path,
        detail: "its header does not contain exactly one passphrase stanza",
      };
    case "too much work":
      return {
        kind: "vault-format",
        path,
        detail: `its scrypt work factor is above tazpod's limit of 2^${maxWorkFactor}`,
      };
    default:
      return why satisfies never;
  }
}

async function* wipeAfter(fileKey: Buffer, plain: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* plain;
  } finally {
    fileKey.fill(0);
  }
}
