import type { Readable } from "node:stream";
import { Failed } from "../../failure/result.js";
import { readManifest } from "./normalise.js";
import { type Manifest, manifestPath } from "./manifest.js";
import { feed } from "./tar-feed.js";

/**
 * The manifest that a tar begins with, read no further than that, and not held against what follows. Undefined when there
 * is none, or no tar at all. Throws the `Failed` of `tar`, which is destroyed in the end.
 */
export async function leadingManifest(tar: Readable): Promise<Manifest | undefined> {
  const { extract } = await import("./tar-parser.js");
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
