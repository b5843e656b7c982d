import type { Extract } from "tar-stream";
import { type Manifest, manifestBytes, manifestPath, maxManifestBytes, parseManifest } from "./manifest.js";
import { refused } from "./entry-policy.js";
import { padding, tarHeader } from "./tar-header.js";

/** An entry as tar-stream gives it. */
export type TarParserEntry = Extract extends AsyncIterable<infer T> ? T : never;

/** Yields the entry of a manifest, as in a tar. */
export function* manifestEntry(manifest: Manifest): Generator<Buffer> {
  const bytes = manifestBytes(manifest);
  const mtime = Math.floor(Date.parse(manifest.time) / 1000);
  yield tarHeader({ path: manifestPath, type: "file", mode: 0o600, size: bytes.length, mtime });
  yield bytes;
  yield padding(bytes.length);
}

/** Reads the manifest from its entry. Throws `Failed` (`archive-refused`) when it is too large. */
export async function readManifest(source: TarParserEntry): Promise<Manifest | undefined> {
  if (source.header.size > maxManifestBytes) throw refused(manifestPath, "the manifest is too large");
  const chunks: Buffer[] = [];
  for await (const chunk of source as AsyncIterable<Buffer>) chunks.push(chunk);
  return parseManifest(Buffer.concat(chunks));
}
