import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Header } from "tar-stream";
import type { Meter } from "../../host/work-meter.js";
import { Failed, fail, ok, type Result } from "../../failure/result.js";
import { listNames } from "../../host/human.js";
import { CaseCollisions } from "./case-collisions.js";
import { archiveDigest, type DigestLine, type Manifest, manifestPath } from "./manifest.js";
import { manifestEntry, readManifest, type TarParserEntry as Entry } from "./manifest-entry.js";
import type { VaultFormat } from "../vault-format.js";
import { checkEntry, type EntryDecision, refused } from "./entry-policy.js";
import { endOfTar, foldersAbove, padding, tarHeader, type TarEntry } from "./tar-header.js";
import type { StreamedEntry } from "./tar-entries.js";
import { feed } from "./tar-feed.js";

/** How to rewrite an archive. */
export interface ArchiveOptions {
  /** How much space the content may take in the secrets folder, in bytes; files take whole pages of 4 KiB. */
  readonly limitBytes: number;
  /** The format of the sealed vault. v1 allows only files and folders, as its Go reader does. */
  readonly format: VaultFormat;
  /** For unpacking: makes folders writable for their owner, because some tars cannot fill a read-only folder. */
  readonly openFolders?: boolean;
  /** 100,000 unless given. */
  readonly maxEntries?: number;
  /** Leaves out and reports what a vault cannot hold, instead of refusing the archive. */
  readonly lenient?: boolean;
  /**
   * For packing files of a disk: leaves out pipes and devices, and stores hard links as files. The set collects the
   * files that have other names; only the content of those that it had at the start can be stored again.
   */
  readonly hardLinks?: Set<string>;
  /** Files and links to leave out and report. */
  readonly exclude?: ReadonlySet<string>;
  /** Gives an older version of what is left out. */
  readonly older?: OlderVersion;
  /** Written as the first entry, in the age format; not part of the content. */
  readonly manifest?: Manifest | undefined;
  /** Receives the number of bytes of content that have passed. */
  readonly count?: Meter;
}

/** An older version of an archive, for what this one has and cannot give. */
interface OlderVersion {
  /** Returns the paths that the program which made this archive could not read; called at its end. */
  readonly unread: () => Promise<readonly string[]>;
  readonly entries: () => AsyncGenerator<StreamedEntry>;
}

/** The content of a rewritten archive. */
export interface ArchiveSummary {
  readonly files: number;
  readonly directories: number;
  readonly links: number;
  /** Sum of the files' sizes. */
  readonly bytes: number;
  /** See `archiveDigest`. */
  readonly digest: string;
  /** The same without what the older version gave. */
  readonly ownDigest: string;
  /** The entries, in archive order. */
  readonly entries: readonly DigestLine[];
  /** The archive's manifest, if its first entry is one that matches the content. */
  readonly manifest?: Manifest;
  /** The final attributes of every folder, deepest first, to apply after unpacking with `openFolders`. */
  readonly folders: readonly { readonly path: string; readonly mode: number; readonly mtime: number }[];
  /** The omitted paths to report to the user. */
  readonly dropped: readonly string[];
}

const pageBytes = 4096;
/** What a pipe takes at once, and what programs in the container print at once. */
const pieceBytes = 64 * 1024;

/**
 * Rewrites an untrusted tar stream into one that is safe to unpack and that every tar reads; entry-policy.ts decides
 * what is accepted. Folders precede their content (missing ones are added with mode 0700), paths are unique, and
 * nothing lies below a link or a file.
 *
 * `tar` ends with a `Failed` (`archive-refused`, `archive-too-large` or that of `source`) at the first problem, after
 * earlier entries have passed: unpack it where it can be discarded. `summary` is the same outcome as a result once
 * `tar` has ended, and never rejects; it is `interrupted` when `tar` was not read to its end.
 */
export function normalise(
  source: Readable,
  options: ArchiveOptions,
): { tar: Readable; summary: Promise<Result<ArchiveSummary>> } {
  return rewritten(source, options, tarHeader);
}

function rewritten(
  source: Readable,
  options: ArchiveOptions,
  header: typeof tarHeader,
): ReturnType<typeof normalise> {
  const rewriting = new TarRewriter(source, options, header);
  const tar = Readable.from(joined(rewriting.run()), { objectMode: false });
  const summary = new Promise<Result<ArchiveSummary>>((resolve) => {
    let failure: Failed | undefined;
    tar.once("error", (error) => {
      failure = error instanceof Failed ? error : undefined;
    });
    tar.once("close", () => {
      source.destroy();
      if (rewriting.summary !== undefined && failure === undefined) return resolve(ok(rewriting.summary));
      // the reader stopped early, for its own reason
      resolve(fail(failure?.failure ?? { kind: "interrupted", signal: "SIGPIPE" }));
    });
  });
  return { tar, summary };
}

/** Reads an archive to its end and returns its summary; nothing of it is kept. Failures: those of `normalise`. */
export function summarise(source: Readable, options: ArchiveOptions): Promise<Result<ArchiveSummary>> {
  const nothing = Buffer.alloc(0);
  // what is not kept needs no headers
  const { tar, summary } = rewritten(source, options, () => nothing);
  tar.resume();
  return summary;
}

class TarRewriter {
  summary: ArchiveSummary | undefined;
  readonly #source: Readable;
  readonly #options: ArchiveOptions;
  readonly #header: typeof tarHeader;
  readonly #seen = new Map<string, TarEntry["type"] | "added">();
  readonly #collisions = new CaseCollisions();
  readonly #digestLines: DigestLine[] = [];
  readonly #dropped: string[] = [];
  /** The content of files with other names, which was in the archive only once. */
  readonly #contents = new Map<string, readonly Buffer[]>();
  #manifest: Manifest | undefined;
  #entries = 0;
  #usedBytes = 0;
  #passedBytes = 0;

  constructor(source: Readable, options: ArchiveOptions, header: typeof tarHeader) {
    this.#source = source;
    this.#options = options;
    this.#header = header;
  }

  async *run(): AsyncGenerator<Buffer> {
    // imported late: checks load this module, and most read no archive
    const { extract } = await import("./tar-parser.js");
    if (this.#options.manifest !== undefined) yield* manifestEntry(this.#options.manifest);
    const parser = extract();
    const feeding = feed(this.#source, parser);
    let current: string | undefined;
    let end = 0;
    try {
      for await (const entry of parser) {
        current = entry.header.name;
        end = offsetOf(entry) + roundUp(entry.header.size, 512);
        yield* this.#rewrite(entry);
        current = undefined;
      }
    } catch (error) {
      // A bug keeps its own error; a parser error means a bad archive.
      if (error instanceof Failed || error instanceof TypeError || error instanceof RangeError) throw error;
      throw feeding.error() ?? this.#broken(current, String(error));
    } finally {
      parser.destroy();
    }
    const error = feeding.error();
    if (error !== undefined) throw error;
    if (feeding.bytes() < end + 512 || !feeding.endsInZeros()) throw this.#broken(current, "");
    const [own, ownDigest] = [this.#digestLines.length, archiveDigest(this.#digestLines)];
    if (this.#options.older !== undefined) yield* this.#olderEntries(this.#options.older);
    yield endOfTar;
    const digest = this.#digestLines.length === own ? ownDigest : archiveDigest(this.#digestLines);
    this.summary = this.#summarise({ digest, ownDigest });
  }

  /** Adds the older version of what was left out, at these paths and below. */
  async *#olderEntries({ unread, entries }: OlderVersion): AsyncGenerator<Buffer> {
    const leftOut = new Set([...(this.#options.exclude ?? []), ...this.#dropped, ...(await unread())]);
    if (leftOut.size === 0) return;
    for await (const { entry, content } of entries()) {
      const { path } = entry;
      const above = foldersAbove(path);
      if (this.#seen.has(path) || ![path, ...above].some((one) => leftOut.has(one))) continue;
      const isBelowFile = above.some((one) => ["file", "link"].includes(this.#seen.get(one) ?? ""));
      if (isBelowFile || this.#collisions.collisionOf(entry) !== undefined) continue;
      this.#countBytes(entry.size);
      yield* this.#parents(path);
      this.#seen.set(path, entry.type);
      yield this.#header(entry);
      yield* this.#content(entry, content(), undefined);
    }
  }

  async *#rewrite(source: Entry): AsyncGenerator<Buffer> {
    const most = this.#options.maxEntries ?? 100_000;
    if (++this.#entries > most)
      throw refused(source.header.name, `the archive has more than ${most} entries`);
    const decision = this.#withoutCollision(this.#checkEntry(source.header));
    if (this.#entries === 1 && decision.path === manifestPath && this.#options.format === "age") {
      this.#manifest = await readManifest(source);
      return;
    }
    if (decision.do === "drop") {
      if (decision.report) this.#dropped.push(decision.path);
      this.#countBytes(source.header.size);
      for await (const _ of source);
      return;
    }
    const original = decision.do === "copy" ? this.#originalOf(decision.path, decision.of) : undefined;
    const entry = original === undefined ? decision.entry : { ...decision.entry, size: original.entry.size };
    this.#countBytes(entry.size);
    yield* this.#parents(entry.path);
    const before = this.#seen.get(entry.path);
    // A folder listed after its content: it was added already.
    if (before === "added" && entry.type === "directory") return void this.#seen.set(entry.path, "directory");
    if (before !== undefined) throw refused(entry.path, "it is in the archive twice");
    this.#seen.set(entry.path, entry.type);
    yield this.#header(
      this.#options.openFolders === true && entry.type === "directory"
        ? { ...entry, mode: entry.mode | 0o700 }
        : entry,
    );
    if (original !== undefined) {
      yield* this.#contents.get(original.entry.path) ?? [];
      yield padding(entry.size);
      this.#digestLines.push({ entry, sha256: original.sha256 });
      return;
    }
    const kept: Buffer[] | undefined = this.#options.hardLinks?.has(entry.path) === true ? [] : undefined;
    if (kept !== undefined) this.#contents.set(entry.path, kept);
    yield* this.#content(entry, source as AsyncIterable<Buffer>, kept);
  }

  /** Passes on the content of an entry, keeps it in `kept`, and notes the entry. */
  async *#content(
    entry: TarEntry,
    source: AsyncIterable<Buffer>,
    kept: Buffer[] | undefined,
  ): AsyncGenerator<Buffer> {
    const hash = createHash("sha256");
    if (entry.size > 0) {
      for await (const chunk of source) {
        hash.update(chunk);
        this.#options.count?.((this.#passedBytes += chunk.length));
        kept?.push(chunk);
        yield chunk;
      }
      yield padding(entry.size);
    }
    this.#digestLines.push({ entry, sha256: entry.type === "file" ? hash.digest("hex") : "" });
  }

  /** Finds the file that a hard link names, and notes that its content is needed again. */
  #originalOf(path: string, of: string): DigestLine {
    const original = this.#digestLines.find(({ entry }) => entry.path === of && entry.type === "file");
    if (original === undefined)
      throw refused(path, `it is a hard link to ${JSON.stringify(of)}, which is no file before it`);
    this.#options.hardLinks?.add(of);
    return original;
  }

  #checkEntry(header: Header): EntryDecision {
    const { format, lenient = false, exclude, hardLinks } = this.#options;
    try {
      const decision = checkEntry(header, format, hardLinks !== undefined);
      const { path } = decision;
      // a file and its other names are left out together
      if (decision.do === "copy" && (exclude?.has(path) === true || exclude?.has(decision.of) === true))
        return { do: "drop", path, report: true };
      if (decision.do === "copy") this.#originalOf(path, decision.of);
      return decision.do === "keep" && decision.entry.type !== "directory" && exclude?.has(path) === true
        ? { do: "drop", path, report: true }
        : decision;
    } catch (error) {
      // without a size, the next entry cannot be found
      if (!lenient || !(error instanceof Failed) || !Number.isSafeInteger(header.size)) throw error;
      return { do: "drop", path: header.name.replace(/^\.\//, ""), report: true };
    }
  }

  #withoutCollision(decision: EntryDecision): EntryDecision {
    const partner = decision.do !== "drop" ? this.#collisions.collisionOf(decision.entry) : undefined;
    if (partner === undefined) return decision;
    const { path } = decision;
    if (this.#options.lenient === true) return { do: "drop", path, report: true };
    throw refused(
      path,
      `on a case-insensitive file system it is the same as ${JSON.stringify(partner)}, and one of them is a link`,
    );
  }

  *#parents(path: string): Generator<Buffer> {
    for (const folder of foldersAbove(path)) {
      const type = this.#seen.get(folder);
      if (type === "directory" || type === "added") continue;
      if (type !== undefined) throw refused(path, `it is below ${folder}, which is a ${type}`);
      const entry: TarEntry = { path: folder, type: "directory", mode: 0o700, size: 0, mtime: 0 };
      this.#seen.set(folder, "added");
      this.#digestLines.push({ entry, sha256: "" });
      yield this.#header(entry);
    }
  }

  #countBytes(bytes: number): void {
    this.#usedBytes += roundUp(bytes, pageBytes);
    const limit = this.#options.limitBytes;
    if (this.#usedBytes > limit)
      throw new Failed({ kind: "archive-too-large", bytes: this.#usedBytes, limit, what: "the archive" });
  }

  #broken(entry: string | undefined, message: string): Failed {
    const files = this.#digestLines
      .filter((line) => line.entry.type === "file")
      .map((line) => line.entry.path);
    if (/Invalid|exceeds/.test(message)) {
      return damaged(
        entry ?? "the archive",
        `it is not a tar archive, or is damaged, after ${files.length} complete files`,
      );
    }
    const shown = listNames(
      files.map((file) => JSON.stringify(file)),
      20,
    );
    const whole = files.length === 0 ? "no file before it is complete" : `complete: ${shown}`;
    return damaged(entry ?? "the archive", `the archive is truncated here; ${whole}`);
  }

  #folders(): ArchiveSummary["folders"] {
    const folders = this.#digestLines.map(({ entry }) => entry).filter(({ type }) => type === "directory");
    // nested paths are longer
    return folders
      .map(({ path, mode, mtime }) => ({ path, mode, mtime }))
      .toSorted((a, b) => b.path.length - a.path.length);
  }

  #summarise({ digest, ownDigest }: Pick<ArchiveSummary, "digest" | "ownDigest">): ArchiveSummary {
    const count = (type: TarEntry["type"]): number =>
      this.#digestLines.filter((line) => line.entry.type === type).length;
    return {
      files: count("file"),
      directories: count("directory"),
      links: count("link"),
      bytes: this.#digestLines.reduce((sum, line) => sum + line.entry.size, 0),
      digest,
      ownDigest,
      entries: this.#digestLines,
      ...(this.#manifest?.digest === digest ? { manifest: this.#manifest } : {}),
      folders: this.#folders(),
      dropped: this.#dropped,
    };
  }
}

/** Joins small buffers, since each one costs its readers as much as copying some KiB. */
async function* joined(buffers: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const buffer of buffers) {
    if (bytes + buffer.length > pieceBytes && bytes > 0) {
      yield Buffer.concat(held);
      [held, bytes] = [[], 0];
    }
    if (buffer.length >= pieceBytes) {
      yield buffer;
      continue;
    }
    held.push(buffer);
    bytes += buffer.length;
  }
  yield Buffer.concat(held);
}

function damaged(entry: string, detail: string): Failed {
  return new Failed({ kind: "archive-refused", entry, detail, damaged: true });
}

function offsetOf(entry: Entry): number {
  // The offset of the content, which tar-stream provides but its types omit.
  return "byteOffset" in entry.header && typeof entry.header.byteOffset === "number"
    ? entry.header.byteOffset
    : 0;
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}
