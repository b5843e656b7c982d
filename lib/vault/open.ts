import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { Failure } from "../failure.js";
import { readBytes, stat } from "../host/files.js";
import { Failed, fail, ok, type Result } from "../result.js";
import type { Secret } from "../secret.js";
import { recognise, type VaultFormat } from "./format.js";
import { leastV1Bytes, openV1 } from "./v1.js";

/** An opened vault. `tar` is not checked yet: only `normalise` of archive.ts may read it. */
export interface OpenedVault {
  readonly format: VaultFormat;
  /** Plain tar bytes. Ends with a `Failed` (vault-damaged, archive-too-large) when the content is not what it should be. */
  readonly tar: Readable;
}

export interface OpenOptions {
  /** What failures call the vault; the path when it is opened by path. */
  readonly name?: string;
  /** How many bytes of tar may come out of the compression; 512 MiB unless given. */
  readonly maxBytes?: number;
}

/** A v1 vault is opened in memory; the Go tazpod cannot make one larger than its 64 MiB of RAM. */
const maxSealedBytes = 512 * 1024 * 1024;
const maxTarBytes = 512 * 1024 * 1024;

/**
 * Opens the vault at a path, or a sealed vault in memory.
 *
 * Failures: `vault-absent`; `vault-damaged` when it is too short to be one; `vault-format` for a format this version
 * does not read; `wrong-passphrase` when it does not open, which in v1 may also be a changed file; `archive-too-large`;
 * `file`.
 */
export async function openVault(
  source: string | Buffer,
  passphrase: Secret,
  options: OpenOptions = {},
): Promise<Result<OpenedVault>> {
  const path = options.name ?? (typeof source === "string" ? source : "the vault");
  const sealed = typeof source === "string" ? await readSealed(source) : ok(source);
  if (!sealed.ok) return sealed;
  const format = recognise(sealed.value);
  if (format === undefined)
    return fail({ kind: "vault-damaged", path, detail: tooShort(sealed.value.length) });
  if (format === "age") {
    return fail({
      kind: "vault-format",
      path,
      detail: "it is in the age format, which this version does not read yet",
    });
  }
  const plain = await openV1(sealed.value, passphrase);
  if (plain === undefined) return fail({ kind: "wrong-passphrase", path, tries: 1 });
  return ok({ format, tar: gunzipped(plain, path, options.maxBytes ?? maxTarBytes) });
}

async function readSealed(path: string): Promise<Result<Buffer>> {
  const found = await stat(path);
  if (!found.ok) return found;
  if (found.value === undefined) return fail({ kind: "vault-absent", path });
  if (found.value.bytes > maxSealedBytes) {
    return fail({ kind: "archive-too-large", bytes: found.value.bytes, limit: maxSealedBytes, what: path });
  }
  const bytes = await readBytes(path);
  if (!bytes.ok) return bytes;
  return bytes.value === undefined ? fail({ kind: "vault-absent", path }) : ok(bytes.value);
}

function tooShort(length: number): string {
  return length === 0 ? "it is empty" : `it has ${length} bytes, and no vault has fewer than ${leastV1Bytes}`;
}

function gunzipped(plain: Buffer, path: string, limit: number): Readable {
  let bytes = 0;
  const cap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= limit) return done(null, chunk);
      done(new Failed({ kind: "archive-too-large", bytes, limit, what: path }));
    },
  });
  const damaged: Failure = {
    kind: "vault-damaged",
    path,
    detail: "it opens, but what is inside is not a whole gzip stream",
  };
  // The errors reach the reader through `cap`; this promise only ends the work.
  const gunzip = createGunzip();
  gunzip.once("error", () => cap.destroy(new Failed(damaged)));
  pipeline(pieces(plain), gunzip, cap)
    .catch(() => undefined)
    .finally(() => plain.fill(0));
  return cap;
}

/** In pieces, so that the cap is asked in between. */
function* pieces(bytes: Buffer): Generator<Buffer> {
  const size = 64 * 1024;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
