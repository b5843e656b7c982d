import { readText, stat, writeAtomic } from "../../host/files.js";
import { printable } from "../../host/printable.js";
import { take } from "../../failure/result.js";
import type { WriteMetadata } from "../types.js";

/** Two writes take a few hundred bytes. What is larger was not written by tazpod. */
const mostNoteBytes = 64 * 1024;

type Note = Partial<WriteMetadata> & { readonly etag: string };

/**
 * Who wrote a file of a folder remote, in FILE.meta.json beside it. It is written before the file takes its place and
 * names the one before it too, so that it is there whichever of the two is. It only counts for the file it was written
 * for: another program may have replaced that.
 */
export async function readNote(path: string, etag: string): Promise<Partial<WriteMetadata>> {
  const note = (await readNotes(path)).find((found) => found.etag === etag);
  if (note === undefined) return {};
  const { etag: _, ...metadata } = note;
  return metadata;
}

/** Throws `Failed`. */
export async function addNote(path: string, etag: string, metadata: Partial<WriteMetadata>): Promise<void> {
  const { host, writeId, generation, sha256 } = metadata;
  const before = (await readNotes(path)).filter((note) => note.etag !== etag).slice(0, 1);
  const writes = [{ etag, host, writeId, generation, sha256 }, ...before];
  take(await writeAtomic(notePath(path), `${JSON.stringify({ version: 1, writes })}\n`));
}

export function notePath(path: string): string {
  return `${path}.meta.json`;
}

async function readNotes(path: string): Promise<readonly Note[]> {
  const found = await stat(notePath(path));
  if (!found.ok || found.value?.kind !== "file" || found.value.bytes > mostNoteBytes) return [];
  const text = await readText(notePath(path));
  if (!text.ok || text.value === undefined) return [];
  try {
    const read: unknown = JSON.parse(text.value);
    return isRecord(read) && Array.isArray(read["writes"]) ? read["writes"].flatMap(parseNote) : [];
  } catch {
    return [];
  }
}

function parseNote(read: unknown): readonly Note[] {
  if (!isRecord(read) || typeof read["etag"] !== "string") return [];
  const { etag, host, writeId, generation, sha256 } = read;
  return [
    {
      etag,
      ...(typeof host === "string" ? { host: printable(host) } : {}),
      ...(typeof writeId === "string" ? { writeId } : {}),
      ...(typeof generation === "number" ? { generation } : {}),
      ...(typeof sha256 === "string" ? { sha256 } : {}),
    },
  ];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
