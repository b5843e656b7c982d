import { createHash } from "node:crypto";
import type { TarEntry } from "./tar-header.js";

/** One entry with the sha256 (hex) of its content, empty for what is not a file. */
export interface DigestLine {
  readonly entry: TarEntry;
  readonly sha256: string;
}

/**
 * The digest of an archive's content: sha256 (hex) over the entries sorted by path, each as path, type, mode (octal),
 * size, sha256 of the content and link target, with a NUL after each. The same for every order, time and compression.
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
