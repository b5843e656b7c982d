import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { Failed, take } from "../result.js";
import { normalise } from "./archive.js";
import type { DigestLine } from "./digest.js";
import type { Sealed } from "./merged-tar.js";
import { openVault } from "./open.js";
import { isOpen, leadsToOpen, type Opening, partOf } from "./parts.js";
import { entriesOf, type Passing, tarOf, written } from "./tar-entries.js";

export interface WithClosed {
  /** What is open, as `normalise` made it. */
  readonly tar: Readable;
  readonly opening: Opening;
  /** The vault that the closed parts are taken from as they are, and what is in it. */
  readonly vault: Sealed;
  readonly sealed: readonly DigestLine[];
}

/**
 * What is open, and with it the parts that are closed, as they are in the sealed vault. Fails with `part-closed` for
 * what lies where a closed part is and is not just what that part has there.
 */
export function withClosed({ tar, opening, vault, sealed }: WithClosed): Readable {
  const known = new Map(sealed.map((line) => [line.entry.path, line]));
  const done = new Set<string>();
  async function* pieces(): AsyncGenerator<Buffer> {
    for await (const passing of entriesOf(tar)) {
      const { path, type } = passing.entry;
      if (isOpen(path, opening)) yield* written(passing);
      else if (type === "directory" && leadsToOpen(path, opening)) {
        // the folder itself belongs to a part that is closed: as it is there, and before what is in it
        const there = known.get(path)?.entry;
        if (there?.type !== "directory") continue;
        done.add(path);
        yield* written({ entry: there, content: nothing });
      } else await mustBeThere(passing, known.get(path), opening);
    }
    yield* closed(vault, opening, done);
  }
  return tarOf(pieces());
}

async function* nothing(): AsyncGenerator<Buffer> {}

async function* closed(
  { path, passphrase }: Sealed,
  opening: Opening,
  done: ReadonlySet<string>,
): AsyncGenerator<Buffer> {
  const opened = take(await openVault(path, passphrase));
  const { tar } = normalise(opened.tar, { limitBytes: Number.MAX_SAFE_INTEGER, format: opened.format });
  for await (const passing of entriesOf(tar)) {
    const { path: name } = passing.entry;
    if (!isOpen(name, opening) && !done.has(name)) yield* written(passing);
  }
}

/** What an opening or closing that was cut short left is a copy of what the part has; anything else is somebody's work. */
async function mustBeThere(
  { entry, content }: Passing,
  there: DigestLine | undefined,
  { parts }: Opening,
): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of content()) hash.update(chunk);
  const isSame =
    there !== undefined &&
    there.entry.type === entry.type &&
    there.entry.target === entry.target &&
    (entry.type !== "file" || there.sha256 === hash.digest("hex"));
  if (isSame) return;
  throw new Failed({ kind: "part-closed", path: entry.path, part: partOf(entry.path, parts) });
}
