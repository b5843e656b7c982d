import { Readable } from "node:stream";
import { ok, type Result, settle, take, Failed } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { type ArchiveSummary, normalise, summarise } from "./archive/normalise.js";
import { readManifest } from "./archive/manifest-entry.js";
import { type DigestLine, type Manifest, manifestPath } from "./archive/manifest.js";
import type { VaultFormat } from "./vault-format.js";
import { noTarWarnings } from "./archive/tar-warnings.js";
import { openVault } from "./open-vault.js";
import type { TarSource } from "./seal-into.js";
import { feed } from "./archive/tar-feed.js";
import { readEntries } from "./archive/tar-entries.js";
import { findFile } from "./vault-path.js";

/** A completely checked vault. */
export interface Inspected {
  readonly format: VaultFormat;
  /** SHA-256 of the sealed file, hex. */
  readonly sha256: string;
  readonly summary: ArchiveSummary;
}

/** Nothing is unpacked, so only the number of entries and the file itself are limited. */
const limitBytes = Number.MAX_SAFE_INTEGER;

/** Opens a vault and checks every byte of it; writes nothing. Failures: those of `openVault` and `normalise`. */
export async function inspectVault(path: string, passphrase: Secret): Promise<Result<Inspected>> {
  const opened = await openVault(path, passphrase);
  if (!opened.ok) return opened;
  const { format, sha256 } = opened.value;
  const found = await summarise(opened.value.tar, { limitBytes, format });
  return found.ok ? ok({ format, sha256: sha256(), summary: found.value }) : found;
}

/** One file of a completely checked vault. */
export interface FileOfVault {
  readonly inspected: Inspected;
  /** Undefined if there is nothing with this path. */
  readonly line: DigestLine | undefined;
  /** The caller wipes it. */
  readonly content: Buffer;
}

/** Reads one file of a vault, after checking every byte of it. Failures: those of `inspectVault` and `findFile`. */
export async function readVaultFile(
  vault: string,
  passphrase: Secret,
  path: string,
): Promise<Result<FileOfVault>> {
  const opened = await openVault(vault, passphrase);
  if (!opened.ok) return opened;
  const { format, sha256 } = opened.value;
  const { tar, summary } = normalise(opened.value.tar, { limitBytes, format });
  const pieces: Buffer[] = [];
  const read = await settle(async () => {
    for await (const { entry, content } of readEntries(tar))
      if (entry.path === path) for await (const piece of content()) pieces.push(piece);
  });
  if (!read.ok) return read;
  const found = await summary;
  if (!found.ok) return found;
  const line = findFile(found.value.entries, path);
  if (!line.ok) return line;
  const inspected = { format, sha256: sha256(), summary: found.value };
  return ok({ inspected, line: line.value, content: Buffer.concat(pieces) });
}

/** The content of a vault as listed. */
export interface VaultListing {
  readonly format: VaultFormat;
  readonly manifest?: Manifest;
  readonly entries: readonly DigestLine[];
}

/**
 * Lists a vault by its manifest, checking only the chunks that contain it; a vault without one is read completely.
 * Failures: those of `inspectVault`.
 */
export async function listVault(path: string, passphrase: Secret): Promise<Result<VaultListing>> {
  const opened = await openVault(path, passphrase);
  if (!opened.ok) return opened;
  const { format, tar } = opened.value;
  const leading = await settle(async () => (format === "age" ? leadingManifest(tar) : undefined));
  tar.destroy();
  if (!leading.ok) return leading;
  if (leading.value !== undefined)
    return ok({ format, manifest: leading.value, entries: leading.value.entries });
  const found = await inspectVault(path, passphrase);
  return found.ok ? ok({ format, entries: found.value.summary.entries }) : found;
}

/** Streams a vault's content as a tar that satisfies the archive policy; opens the vault when read. */
export function vaultContent(path: string, passphrase: Secret): TarSource {
  async function* content(): AsyncGenerator<Buffer> {
    const opened = take(await openVault(path, passphrase));
    const { tar } = normalise(opened.tar, { limitBytes, format: opened.format });
    yield* tar as AsyncIterable<Buffer>;
  }
  return { tar: Readable.from(content(), { objectMode: false }), done: Promise.resolve(ok(noTarWarnings)) };
}

/**
 * Reads the manifest at the start of a tar, and no further, so it is not compared with the content. Undefined when
 * there is none or no tar. Throws the `Failed` of `tar`, which it destroys at the end.
 */
async function leadingManifest(tar: Readable): Promise<Manifest | undefined> {
  const { extract } = await import("./archive/tar-parser.js");
  const parser = extract();
  const feeding = feed(tar, parser);
  try {
    for await (const entry of parser)
      return entry.header.name === manifestPath ? await readManifest(entry) : undefined;
    return undefined;
  } catch (error) {
    const cause = feeding.error() ?? error;
    if (cause instanceof Failed) throw cause;
    return undefined;
  } finally {
    parser.destroy();
    tar.destroy();
  }
}
