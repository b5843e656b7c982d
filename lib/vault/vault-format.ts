import { minV1Bytes } from "./v1.js";
import { attempt } from "../host/file-failure.js";
import { openRead } from "../host/files.js";
import { fail, ok, type Result } from "../failure/result.js";

/** The format of a sealed vault: the Go tazpod's (v1) or age. */
export type VaultFormat = "v1" | "age";

/** The first line of an age file (https://age-encryption.org/v1). */
const ageLine = Buffer.from("age-encryption.org/v1\n");

/** How many leading bytes `detectFormat` needs. */
export const headBytes = 64;

/**
 * Detects the format of a sealed vault by its first bytes (`headBytes` of them, or all). v1 has no signature: it is any
 * other file that is long enough and no text, such as a web page. Undefined for neither.
 */
export function detectFormat(head: Uint8Array): VaultFormat | undefined {
  if (ageLine.equals(head.subarray(0, ageLine.length))) return "age";
  return head.length >= minV1Bytes && !isText(head) ? "v1" : undefined;
}

/** Of random bytes, 38 % are printable ASCII: that three quarters of 60 are happens once in a hundred million times. */
function isText(head: Uint8Array): boolean {
  const printable = head.filter((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d));
  return printable.length > head.length * 0.75;
}

/** Reads the format of a sealed file. Failures: `vault-damaged` when it is too short, `file`. */
export async function readFormat(path: string): Promise<Result<VaultFormat>> {
  const head = await readHead(path);
  if (!head.ok) return head;
  const format = detectFormat(head.value);
  return format === undefined
    ? fail({ kind: "vault-damaged", path, detail: notAVault(head.value) })
    : ok(format);
}

/** Reads the first bytes of a file, as many as `detectFormat` looks at. Failure: `file`. */
export async function readHead(path: string): Promise<Result<Buffer>> {
  const stream = await openRead(path, { start: 0, end: headBytes - 1 });
  if (!stream.ok) return stream;
  return attempt("read", path, async () => Buffer.concat(await stream.value.toArray()));
}

/** Describes why the first bytes of a file are no vault's. */
export function notAVault(head: Uint8Array): string {
  if (head.length === 0) return "it is empty";
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(Buffer.from(head).toString("latin1"))) return "it is a web page";
  return head.length < minV1Bytes
    ? `it has ${head.length} bytes; a vault has at least ${minV1Bytes}`
    : "it is a text file";
}

/** Signatures of files that are often mistaken for a tar archive. */
const beginnings: readonly (readonly [bytes: Buffer, words: string])[] = [
  [Buffer.from("1f8b", "hex"), "it is compressed with gzip"],
  [Buffer.from("BZh"), "it is compressed with bzip2"],
  [Buffer.from("fd377a585a00", "hex"), "it is compressed with xz"],
  [Buffer.from("28b52ffd", "hex"), "it is compressed with zstd"],
  [Buffer.from("PK\u0003\u0004"), "it is a zip archive"],
  [Buffer.from("age-encryption.org/"), "it is encrypted with age"],
];

/**
 * Describes what a file is instead of a plain tar, by its first bytes; undefined when it may be one. Failure: `file`.
 */
export async function detectOtherFormat(path: string): Promise<Result<string | undefined>> {
  const head = await openRead(path, { start: 0, end: 31 });
  if (!head.ok) return head;
  const chunks: Buffer[] = [];
  for await (const chunk of head.value as AsyncIterable<Buffer>) chunks.push(chunk);
  const found = Buffer.concat(chunks);
  return ok(beginnings.find(([bytes]) => found.subarray(0, bytes.length).equals(bytes))?.[1]);
}
