import { openRead } from "../host/files.js";
import { ok, type Result } from "../failure/result.js";

/** What files begin with that are taken for a tar archive and are none. */
const beginnings: readonly (readonly [bytes: Buffer, words: string])[] = [
  [Buffer.from("1f8b", "hex"), "it is compressed with gzip"],
  [Buffer.from("BZh"), "it is compressed with bzip2"],
  [Buffer.from("fd377a585a00", "hex"), "it is compressed with xz"],
  [Buffer.from("28b52ffd", "hex"), "it is compressed with zstd"],
  [Buffer.from("PK\u0003\u0004"), "it is a zip archive"],
  [Buffer.from("age-encryption.org/"), "it is encrypted with age"],
];

/** By its first bytes, in words, what a file is instead of a plain tar; undefined for what may be one. Failures: `file`. */
export async function detectOtherFormat(path: string): Promise<Result<string | undefined>> {
  const head = await openRead(path, { start: 0, end: 31 });
  if (!head.ok) return head;
  const chunks: Buffer[] = [];
  for await (const chunk of head.value as AsyncIterable<Buffer>) chunks.push(chunk);
  const found = Buffer.concat(chunks);
  return ok(beginnings.find(([bytes]) => found.subarray(0, bytes.length).equals(bytes))?.[1]);
}
