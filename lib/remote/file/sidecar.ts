import { isCount, isRecord, parseJson } from "../../host/json.js";
import { readText, stat, writeAtomic } from "../../host/files.js";
import { printable } from "../../host/printable.js";
import { take } from "../../failure/result.js";
import { isLineage } from "../../vault/lineage.js";
import type { WriteMetadata } from "../remote-types.js";

/** Two entries take a few hundred bytes; tazpod writes no larger file. */
const maxSidecarBytes = 64 * 1024;

type SidecarEntry = Partial<WriteMetadata> & { readonly etag: string };

/**
 * Reads who wrote a file of a folder remote, from FILE.meta.json next to it. The sidecar is written before the file is
 * replaced and also keeps the previous entry, so it fits whichever file is there. An entry counts only for its ETag,
 * since another program may have replaced the file.
 */
export async function readSidecar(path: string, etag: string): Promise<Partial<WriteMetadata>> {
  const note = (await readEntries(path)).find((found) => found.etag === etag);
  if (note === undefined) return {};
  const { etag: _, ...metadata } = note;
  return metadata;
}

/** Adds an entry to the sidecar. Throws `Failed`. */
export async function addToSidecar(
  path: string,
  etag: string,
  metadata: Partial<WriteMetadata>,
): Promise<void> {
  const { host, writeId, generation, sha256, parents } = metadata;
  const before = (await readEntries(path)).filter((note) => note.etag !== etag).slice(0, 1);
  const writes = [{ etag, host, writeId, generation, sha256, parents }, ...before];
  take(await writeAtomic(sidecarPath(path), `${JSON.stringify({ version: 1, writes })}\n`));
}

/** Returns the path of a file's sidecar. */
export function sidecarPath(path: string): string {
  return `${path}.meta.json`;
}

async function readEntries(path: string): Promise<readonly SidecarEntry[]> {
  const found = await stat(sidecarPath(path));
  if (!found.ok || found.value?.kind !== "file" || found.value.bytes > maxSidecarBytes) return [];
  const text = await readText(sidecarPath(path));
  if (!text.ok || text.value === undefined) return [];
  const read = parseJson(text.value);
  return isRecord(read) && Array.isArray(read["writes"]) ? read["writes"].flatMap(parseEntry) : [];
}

function parseEntry(read: unknown): readonly SidecarEntry[] {
  if (!isRecord(read) || typeof read["etag"] !== "string") return [];
  const { etag, host, writeId, generation, sha256, parents } = read;
  return [
    {
      etag,
      ...(typeof host === "string" ? { host: printable(host) } : {}),
      ...(typeof writeId === "string" ? { writeId } : {}),
      ...(isCount(generation) ? { generation } : {}),
      ...(typeof sha256 === "string" ? { sha256 } : {}),
      ...(isLineage(parents) ? { parents } : {}),
    },
  ];
}
