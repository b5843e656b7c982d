import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { attempt } from "../host/file-failure.js";
import { openRead, readBytes, stat } from "../host/files.js";
import { fail, ok, type Result, settle, take } from "../result.js";
import type { Secret } from "../secret.js";
import { openAge } from "./age/age.js";
import { headBytes, recognise, type VaultFormat } from "./format.js";
import { gunzipped } from "./gunzip.js";
import { leastV1Bytes, openV1 } from "./v1.js";

/** An opened vault. `tar` is not checked yet: only `normalise` of archive.ts may read it. */
export interface OpenedVault {
  readonly format: VaultFormat;
  /** Plain tar bytes. Ends with a `Failed` (vault-damaged, archive-too-large) when the content is not what it should be. */
  readonly tar: Readable;
  /** SHA-256 (hex) of the sealed bytes; known once `tar` has ended well. */
  readonly sha256: () => string;
}

export interface OpenOptions {
  /** What failures call the vault; the path when it is opened by path. */
  readonly name?: string;
  /** How many bytes of tar may come out of the compression; 512 MiB for v1, 64 GiB for age unless given. */
  readonly maxBytes?: number;
}

/** A v1 vault is opened in memory; the Go tazpod cannot make one larger than its 64 MiB of RAM. */
const maxV1Bytes = 512 * 1024 * 1024;
const readBytesAtOnce = 512 * 1024;
const maxTarBytes = { v1: 512 * 1024 * 1024, age: 64 * 1024 ** 3 } as const;

/**
 * Opens the vault at a path, or a sealed vault in memory. One in the age format is read as it is used.
 *
 * Failures: `vault-absent`; `vault-damaged` when it is too short to be one, or was changed; `vault-format` for what
 * this version does not read; `wrong-passphrase` when it does not open, which in v1 may also be a changed file;
 * `archive-too-large`; `file`.
 */
export async function openVault(
  source: string | Buffer,
  passphrase: Secret,
  options: OpenOptions = {},
): Promise<Result<OpenedVault>> {
  const path = options.name ?? (typeof source === "string" ? source : "the vault");
  const head = typeof source === "string" ? await readHead(source) : ok(source.subarray(0, headBytes));
  if (!head.ok) return head;
  const format = recognise(head.value);
  if (format === undefined) return fail({ kind: "vault-damaged", path, detail: tooShort(head.value.length) });
  return settle(() =>
    format === "age" ? age(source, passphrase, path, options) : v1(source, passphrase, path, options),
  );
}

async function age(
  source: string | Buffer,
  passphrase: Secret,
  path: string,
  options: OpenOptions,
): Promise<OpenedVault> {
  const stream =
    typeof source === "string"
      ? take(await openRead(source, { highWaterMark: readBytesAtOnce }))
      : Readable.from([source]);
  const hash = createHash("sha256");
  const hashed = async function* (): AsyncGenerator<Buffer> {
    const iterator: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
    for (;;) {
      const next = take(await attempt("read", path, () => iterator.next()));
      if (next.done === true) return;
      hash.update(next.value);
      yield next.value;
    }
  };
  const plain = await openAge(hashed(), passphrase, path).catch((error: unknown) => {
    stream.destroy();
    throw error;
  });
  const tar = gunzipped(plain, path, options.maxBytes ?? maxTarBytes.age);
  // also when nobody has begun to read
  tar.once("close", () => stream.destroy());
  let sha256: string | undefined;
  return { format: "age", tar, sha256: () => (sha256 ??= hash.digest("hex")) };
}

async function v1(
  source: string | Buffer,
  passphrase: Secret,
  path: string,
  options: OpenOptions,
): Promise<OpenedVault> {
  const sealed = typeof source === "string" ? take(await readSealed(source)) : source;
  const plain = take(await openWith(sealed, passphrase, path));
  const tar = gunzipped(pieces(plain), path, options.maxBytes ?? maxTarBytes.v1);
  tar.once("close", () => plain.fill(0));
  return { format: "v1", tar, sha256: () => createHash("sha256").update(sealed).digest("hex") };
}

async function openWith(sealed: Buffer, passphrase: Secret, path: string): Promise<Result<Buffer>> {
  const plain = await openV1(sealed, passphrase);
  return plain === undefined ? fail({ kind: "wrong-passphrase", path, tries: 1 }) : ok(plain);
}

async function readHead(path: string): Promise<Result<Buffer>> {
  const found = await stat(path);
  if (!found.ok) return found;
  if (found.value === undefined) return fail({ kind: "vault-absent", path });
  const stream = await openRead(path, { start: 0, end: headBytes - 1 });
  if (!stream.ok) return stream;
  return attempt("read", path, async () => Buffer.concat(await stream.value.toArray()));
}

async function readSealed(path: string): Promise<Result<Buffer>> {
  const found = await stat(path);
  if (!found.ok) return found;
  if (found.value === undefined) return fail({ kind: "vault-absent", path });
  if (found.value.bytes > maxV1Bytes)
    return fail({ kind: "archive-too-large", bytes: found.value.bytes, limit: maxV1Bytes, what: path });
  const bytes = await readBytes(path);
  if (!bytes.ok) return bytes;
  return bytes.value === undefined ? fail({ kind: "vault-absent", path }) : ok(bytes.value);
}

function tooShort(length: number): string {
  return length === 0 ? "it is empty" : `it has ${length} bytes, and no vault has fewer than ${leastV1Bytes}`;
}

/** In pieces, so that the cap is asked in between. */
async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  const size = 64 * 1024;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
