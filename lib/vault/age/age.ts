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
 * The age file format (https://c2sp.org/age) for one passphrase, held to the vectors of C2SP/CCTV, to `age` of Debian
 * and to the age-encryption package. That one is not used itself: loading it takes as long as all else of an unlock.
 */
const maxHeaderBytes = 64 * 1024;

/** The sealed file, piece by piece. `salt` is one of `saltAhead`. Errors of `plain` are thrown on. */
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
 * The plaintext of an age file, of which every chunk is checked before it is given out; its generator throws `Failed`
 * with `vault-damaged` when one is not what was sealed. Rejects with `Failed`: `wrong-passphrase` when the file key
 * does not unwrap, `vault-damaged`, and `vault-format` for what age can do and a vault is not.
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
  if (header === undefined) throw damaged("its header is not that of an age file, or is cut short");
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
      detail: `its passphrase takes ${need} of memory to try, which is not to be had here`,
    });
  }
}

function stanzaFailure(why: StanzaProblem, path: string): Failure {
  switch (why) {
    case "not a passphrase":
      return {
        kind: "vault-format",
        path,
        detail: "it is an age file for keys, and a vault is sealed with a passphrase",
      };
    case "malformed":
      return { kind: "vault-damaged", path, detail: "its header does not hold one passphrase as age has it" };
    case "too much work":
      return {
        kind: "vault-format",
        path,
        detail: `it asks for more work to try a passphrase than tazpod does (scrypt, 2^${maxWorkFactor} at most)`,
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
