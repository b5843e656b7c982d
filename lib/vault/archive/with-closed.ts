import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { take } from "../../failure/result.js";
import { normalise } from "./normalise.js";
import type { DigestLine } from "./manifest.js";
import type { SealedFile } from "./merged-tar.js";
import { openVault } from "../open-vault.js";
import { isOpen, isAboveOpen, type OpenParts, partOf } from "../vault-parts.js";
import { readEntries, type StreamedEntry, tarStream, entryBytes } from "./tar-entries.js";

/** The open parts, and the vault that provides the closed ones. */
export interface WithClosed {
  /** The open parts, as `normalise` made them. */
  readonly tar: Readable;
  readonly opening: OpenParts;
  /** The vault that provides the closed parts, and its entries. */
  readonly vault: SealedFile;
  readonly sealed: readonly DigestLine[];
  /** Called for each omitted file: it is in a closed part and differs from the sealed vault. */
  readonly onLeftOut: (path: string) => void;
  /** Called for a closed part that the sealed vault does not have yet; its files are included. */
  readonly onNewPart: (part: string) => void;
}

/** Streams the open parts together with the closed parts from the sealed vault. */
export function withClosed(request: WithClosed): Readable {
  const { tar, opening, vault, sealed, onLeftOut, onNewPart } = request;
  const existing = new Set(sealed.map(({ entry }) => partOf(entry.path, opening.parts)));
  const known = new Map(sealed.map((line) => [line.entry.path, line]));
  const done = new Set<string>();
  async function* pieces(): AsyncGenerator<Buffer> {
    for await (const passing of readEntries(tar)) {
      const { path, type } = passing.entry;
      if (isOpen(path, opening)) yield* entryBytes(passing);
      else if (type === "directory" && isAboveOpen(path, opening)) {
        // the folder itself belongs to a closed part: take it from there, before its content
        const there = known.get(path)?.entry;
        if (there?.type !== "directory") continue;
        done.add(path);
        yield* entryBytes({ entry: there, content: nothing });
      } else if (!existing.has(partOf(path, opening.parts))) {
        onNewPart(partOf(path, opening.parts));
        yield* entryBytes(passing);
      } else if (!(await isThere(passing, known.get(path)))) onLeftOut(path);
    }
    yield* closed(vault, opening, done);
  }
  return tarStream(pieces());
}

async function* nothing(): AsyncGenerator<Buffer> {}

async function* closed(
  { path, passphrase }: SealedFile,
  opening: OpenParts,
  done: ReadonlySet<string>,
): AsyncGenerator<Buffer> {
  const opened = take(await openVault(path, passphrase));
  const { tar } = normalise(opened.tar, { limitBytes: Number.MAX_SAFE_INTEGER, format: opened.format });
  for await (const passing of readEntries(tar)) {
    const { path: name } = passing.entry;
    if (!isOpen(name, opening) && !done.has(name)) yield* entryBytes(passing);
  }
}

/** Returns whether an entry equals the sealed vault's. Opening or closing that was interrupted leaves such copies. */
async function isThere({ entry, content }: StreamedEntry, there: DigestLine | undefined): Promise<boolean> {
  const hash = createHash("sha256");
  for await (const chunk of content()) hash.update(chunk);
  return (
    there !== undefined &&
    there.entry.type === entry.type &&
    there.entry.target === entry.target &&
    (entry.type !== "file" || there.sha256 === hash.digest("hex"))
  );
}
