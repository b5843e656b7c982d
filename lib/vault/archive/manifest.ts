import { isCount, isRecord, parseJson } from "../../host/json.js";
import { type AuditHead, parseHeads, withoutOwn } from "../audit-heads.js";
import { isLineage } from "../lineage.js";
import { latestTime, type TarEntry } from "./tar-header.js";
import { createHash } from "node:crypto";

/** An archive entry and the SHA-256 (hex) of its content; empty for anything but a file. */
export interface DigestLine {
  readonly entry: TarEntry;
  readonly sha256: string;
}

/** The content of a source that was read completely, and in which nothing changed while it was read. */
export interface ListedContent {
  /** See `archiveDigest`. */
  readonly digest: string;
  readonly entries: readonly DigestLine[];
  /** The files that have other names, as `ArchiveOptions.hardLinks` collected them. */
  readonly hardLinks: ReadonlySet<string>;
}

/**
 * Returns the digest of an archive's content: SHA-256 (hex) over the entries sorted by path, each as path, type, mode
 * (octal), size, SHA-256 of the content and link target, each followed by NUL. Independent of order, times and
 * compression.
 */
export function archiveDigest(lines: readonly DigestLine[]): string {
  const hash = createHash("sha256");
  const sorted = lines.toSorted((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
  for (const { entry, sha256 } of sorted) {
    const fields = [entry.path, entry.type, entry.mode.toString(8), entry.size, sha256, entry.target ?? ""];
    hash.update(`${fields.join("\0")}\0`);
  }
  return hash.digest("hex");
}

/** The first entry of an archive in the age format. User files cannot have this name. */
export const manifestPath = ".tazpod/manifest.json";

/** Enough for 100,000 entries with paths of 500 bytes. */
export const maxManifestBytes = 64 * 1024 * 1024;

/** Where a vault comes from and what it contains. It is sealed with the content, and so equally authentic. */
export interface Manifest {
  readonly version: 1;
  /** The parent's generation plus one. */
  readonly generation: number;
  /** The parent: SHA-256 of the sealed file and digest of its content (hex). */
  readonly parent?: { readonly sealed: string; readonly content: string };
  /** The versions shared with a remote that it descends from, newest first. */
  readonly lineage?: readonly string[];
  /** Where the audit logs of hosts stood, those that changed last first. */
  readonly audit?: readonly AuditHead[];
  /** The host that sealed it, and the time (ISO 8601). */
  readonly host: string;
  readonly time: string;
  /** See `archiveDigest`. */
  readonly digest: string;
  readonly entries: readonly DigestLine[];
}

/** Formats a manifest as a line of JSON. */
export function manifestBytes(manifest: Manifest): Buffer {
  const entries = manifest.entries.map(({ entry, sha256 }) => ({
    path: entry.path,
    type: entry.type,
    mode: entry.mode.toString(8).padStart(3, "0"),
    mtime: entry.mtime,
    ...(entry.type === "file" ? { size: entry.size, sha256 } : {}),
    target: entry.target,
  }));
  return Buffer.from(`${JSON.stringify({ ...manifest, entries })}\n`);
}

/** Parses a manifest; undefined for another version or a digest that does not match the entries. */
export function parseManifest(bytes: Buffer): Manifest | undefined {
  const read = parseJson(bytes.toString());
  if (!isRecord(read) || read["version"] !== 1 || !Array.isArray(read["entries"])) return undefined;
  const { generation, parent, lineage, audit, host, time, digest } = read;
  const entries = read["entries"].map(parseEntry);
  if (!entries.every((line) => line !== undefined)) return undefined;
  if (!isCount(generation)) return undefined;
  if (typeof host !== "string" || typeof time !== "string" || digest !== archiveDigest(entries))
    return undefined;
  const known = parseParent(parent);
  const heads = parseHeads(audit);
  return {
    version: 1,
    generation,
    parent: known,
    ...(isLineage(lineage) ? { lineage } : {}),
    ...(heads === undefined ? {} : { audit: heads.map(withoutOwn) }),
    host,
    time,
    digest,
    entries,
  };
}

function parseParent(read: unknown): Manifest["parent"] {
  if (!isRecord(read)) return undefined;
  const { sealed, content } = read;
  return typeof sealed === "string" && typeof content === "string" ? { sealed, content } : undefined;
}

function parseEntry(read: unknown): DigestLine | undefined {
  if (!isRecord(read)) return undefined;
  const { path, type, mode, size = 0, mtime, sha256 = "", target } = read;
  if (typeof path !== "string" || !isType(type) || typeof mode !== "string" || !/^[0-7]{3}$/.test(mode))
    return undefined;
  if (!isCount(size) || !isCount(mtime) || mtime > latestTime || typeof sha256 !== "string") return undefined;
  const entry: TarEntry = { path, type, mode: Number.parseInt(mode, 8), size, mtime };
  return { entry: typeof target === "string" ? { ...entry, target } : entry, sha256 };
}

function isType(value: unknown): value is TarEntry["type"] {
  return value === "file" || value === "directory" || value === "link";
}
