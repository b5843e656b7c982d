import { Readable } from "node:stream";
import { ok, type Result, settle, take, Failed } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { type ArchiveSummary, normalise, readManifest } from "./archive/normalise.js";
import { type DigestLine, type Manifest, manifestPath } from "./archive/manifest.js";
import type { VaultFormat } from "./vault-format.js";
import { noTarWarnings } from "./archive/tar-warnings.js";
import { openVault } from "./open-vault.js";
import type { TarSource } from "./seal-into.js";
import { feed } from "./archive/tar-feed.js";

export interface Inspected {
  readonly format: VaultFormat;
  /** Of the sealed file, hex. */
  readonly sha256: string;
  readonly summary: ArchiveSummary;
}

/** Not unpacked anywhere, so no folder in RAM sets a limit; the number of entries, and the file itself, do. */
const limitBytes = Number.MAX_SAFE_INTEGER;

/** Opens a vault fully, checks every byte of it, and writes nothing. Failures: those of `openVault` and `normalise`. */
export async function inspectVault(path: string, passphrase: Secret): Promise<Result<Inspected>> {
  const opened = await openVault(path, passphrase);
  if (!opened.ok) return opened;
  const { format, sha256 } = opened.value;
  const { tar, summary } = normalise(opened.value.tar, { limitBytes, format });
  tar.resume();
  const found = await summary;
  return found.ok ? ok({ format, sha256: sha256(), summary: found.value }) : found;
}

/** What a vault says is in it. */
export interface VaultListing {
  readonly format: VaultFormat;
  readonly manifest?: Manifest;
  readonly entries: readonly DigestLine[];
}

/**
 * By its manifest, of which only the chunks that it is in are checked; a vault that has none is opened fully. Failures:
 * those of `inspectVault`.
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

/** What is in a vault, as a tar under the archive policy; opened anew each time it is asked. */
export function vaultContent(path: string, passphrase: Secret): TarSource {
  async function* content(): AsyncGenerator<Buffer> {
    const opened = take(await openVault(path, passphrase));
    const { tar } = normalise(opened.tar, { limitBytes, format: opened.format });
    yield* tar as AsyncIterable<Buffer>;
  }
  return { tar: Readable.from(content(), { objectMode: false }), done: Promise.resolve(ok(noTarWarnings)) };
}

/**
 * The manifest that a tar begins with, read no further than that, and not held against what follows. Undefined when there
 * is none, or no tar at all. Throws the `Failed` of `tar`, which is destroyed in the end.
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
