import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { attempt } from "../host/file-failure.js";
import { openFile, openRead, stat } from "../host/files.js";
import { meter, metered } from "../host/work-meter.js";
import { Failed, fail, ok, type Result, settle, take } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { openAge } from "./age/age.js";
import { headBytes, detectFormat, notAVault, readHead, type VaultFormat } from "./vault-format.js";
import { gunzip } from "./archive/gzip.js";
import { openV1, type SealedSource } from "./v1.js";

/** An opened vault. `tar` is not checked yet: read it only through `normalise`. */
export interface OpenedVault {
  readonly format: VaultFormat;
  /** Plain tar bytes. Ends with a `Failed` (`vault-damaged`, `archive-too-large`) when the content is invalid. */
  readonly tar: Readable;
  /** SHA-256 (hex) of the sealed bytes; available once `tar` has ended successfully. */
  readonly sha256: () => string;
}

/** How to open a vault. */
export interface OpenOptions {
  /** The vault's name in failures; its path by default. */
  readonly name?: string;
  /** What progress says that reading has done to the vault; `opened` by default. */
  readonly doing?: string;
  /** The maximum size of the decompressed tar in bytes; by default 512 MiB for v1 and 64 GiB for age. */
  readonly maxBytes?: number;
}

const maxTarBytes = { v1: 512 * 1024 * 1024, age: 64 * 1024 ** 3 } as const;

/**
 * Opens the vault at a path, or a sealed vault in memory. The age format is decrypted as it is read.
 *
 * Failures: `vault-absent`; `vault-damaged` when it is too short or was changed; `vault-format` for what this version
 * does not read; `wrong-passphrase`, which in v1 may also mean a changed file; `archive-too-large`; `file`.
 */
export async function openVault(
  source: string | Buffer,
  passphrase: Secret,
  options: OpenOptions = {},
): Promise<Result<OpenedVault>> {
  const path = options.name ?? (typeof source === "string" ? source : "the vault");
  const start = await startOfVault(source);
  if (!start.ok) return start;
  const { head, bytes } = start.value;
  const format = detectFormat(head);
  if (format === undefined) return fail({ kind: "vault-damaged", path, detail: notAVault(head) });
  return settle(() =>
    format === "age"
      ? age(source, passphrase, path, { ...options, bytes })
      : v1(source, passphrase, path, options),
  );
}

async function age(
  source: string | Buffer,
  passphrase: Secret,
  path: string,
  options: OpenOptions & { readonly bytes: number },
): Promise<OpenedVault> {
  const stream = typeof source === "string" ? take(await openRead(source)) : Readable.from([source]);
  const hash = createHash("sha256");
  const count = meter(options.doing ?? "opened", options.bytes);
  const hashed = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of metered(readOrFail(stream, path), count)) {
      hash.update(piece);
      yield piece;
    }
  };
  const plain = await openAge(hashed(), passphrase, path).catch((error: unknown) => {
    stream.destroy();
    throw error;
  });
  const tar = gunzip(plain, path, options.maxBytes ?? maxTarBytes.age);
  // also when reading has not begun
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
  const { close, bytes, read } = await sealedBytes(source, path);
  // a meter for each of the two times it is read
  const sealed = { bytes, read: () => metered(read(), meter(options.doing ?? "opened", bytes)) };
  const changed = (): Failed =>
    new Failed({ kind: "vault-damaged", path, detail: "it was changed while it was being read" });
  const opened = await openV1(sealed, passphrase, changed).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  if (opened === undefined) {
    await close();
    throw new Failed({ kind: "wrong-passphrase", path, tries: 1 });
  }
  const tar = gunzip(opened.plain, path, options.maxBytes ?? maxTarBytes.v1);
  // also when reading has not begun
  tar.once("close", () => void close());
  return { format: "v1", tar, sha256: () => opened.sha256 };
}

/** Opens a file that is read twice: it stays the same although a save may give its name to another. */
async function sealedBytes(
  source: string | Buffer,
  path: string,
): Promise<SealedSource & { readonly close: () => Promise<void> }> {
  if (typeof source !== "string")
    return { bytes: source.length, read: () => Readable.from([source]), close: async () => undefined };
  const file = take(await openFile(source));
  if (file === undefined) throw new Failed({ kind: "vault-absent", path });
  return { bytes: file.bytes, read: () => readOrFail(file.read(), path), close: () => file.close() };
}

/** Reads a stream; file system errors become failures with the path. */
async function* readOrFail(stream: Readable, path: string): AsyncGenerator<Buffer> {
  const iterator: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = take(await attempt("read", path, () => iterator.next()));
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    stream.destroy();
  }
}

/** Returns the first bytes of a vault, and its size. */
async function startOfVault(
  source: string | Buffer,
): Promise<Result<{ readonly head: Buffer; readonly bytes: number }>> {
  if (typeof source !== "string") return ok({ head: source.subarray(0, headBytes), bytes: source.length });
  const found = await stat(source);
  if (!found.ok) return found;
  if (found.value === undefined) return fail({ kind: "vault-absent", path: source });
  const head = await readHead(source);
  return head.ok ? ok({ head: head.value, bytes: found.value.bytes }) : head;
}
