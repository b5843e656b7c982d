import type { Readable } from "node:stream";
import { take } from "../../failure/result.js";
import type { Secret } from "../../host/secret.js";
import { normalise } from "./normalise.js";
import type { Merge, Pick } from "../merge-entries.js";
import { openVault } from "../open-vault.js";
import { readEntries, tarStream, entryBytes } from "./tar-entries.js";

/** A sealed vault and its passphrase. */
export interface SealedFile {
  /** Absolute. */
  readonly path: string;
  readonly passphrase: Secret;
}

/** The vaults to merge, and the decisions of the merge. */
export interface MergedTar {
  readonly ours: SealedFile;
  readonly theirs: SealedFile;
  readonly merge: Merge;
}

/** Streams the merged vault as a tar. Reads each source up to three times and keeps neither in memory. */
export function mergedTar({ ours, theirs, merge }: MergedTar): Readable {
  async function* content(): AsyncGenerator<Buffer> {
    for (const folders of [true, false]) {
      yield* picked(ours, picksOf(merge, "ours"), folders);
      yield* picked(theirs, picksOf(merge, "theirs"), folders);
    }
  }
  return tarStream(content());
}

function picksOf({ picks }: Merge, from: Pick["from"]): ReadonlyMap<string, string> {
  return new Map(picks.filter((pick) => pick.from === from).map(({ path, as }) => [path, as]));
}

async function* picked(
  { path, passphrase }: SealedFile,
  names: ReadonlyMap<string, string>,
  folders: boolean,
): AsyncGenerator<Buffer> {
  if (names.size === 0) return;
  const opened = take(await openVault(path, passphrase));
  const { tar } = normalise(opened.tar, { limitBytes: Number.MAX_SAFE_INTEGER, format: opened.format });
  for await (const { entry, content } of readEntries(tar)) {
    const as = names.get(entry.path);
    if (as === undefined || (entry.type === "directory") !== folders) continue;
    yield* entryBytes({ entry: { ...entry, path: as }, content });
  }
}
