import { hostname } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Failure } from "../failure/failure.js";
import { now } from "../host/clock.js";
import { meter } from "../host/work-meter.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { type ArchiveOptions, type ArchiveSummary, normalise, summarise } from "./archive/normalise.js";
import { type TarWarnings, isTruncated } from "./archive/tar-warnings.js";
import type { DigestLine, ListedContent, Manifest } from "./archive/manifest.js";
import type { VaultFormat } from "./vault-format.js";
import { readEntries } from "./archive/tar-entries.js";
import type { SealedFile } from "./archive/merged-tar.js";
import { vaultContent } from "./inspect-vault.js";
import { openVault } from "./open-vault.js";
import { sealVault, type Write } from "./seal-vault.js";
import { takeSalt } from "./age/passphrase-stanza.js";
import { headsToSeal } from "./audit-chain.js";
import { joinHeads, type KnownHead, withoutOwn } from "./audit-heads.js";
import { joinLineages } from "./lineage.js";
import { changeState, readState, withPullCompleted } from "./vault-state.js";
import { type Replacement, replaceVault, vaultFileName } from "./store.js";

/** An untrusted tar. */
export interface TarSource {
  readonly tar: Readable;
  /** The warnings of the program that made the tar; await it once `tar` has ended. */
  readonly done: Promise<Result<TarWarnings>>;
}

/** The origin of a vault, for its manifest. */
interface Lineage {
  /** The parent's generation; 0 for a new vault. */
  readonly generation: number;
  readonly parent?: Manifest["parent"];
  /** The lineage of another vault that this one contains, too. */
  readonly lineage?: readonly string[];
  /** The heads of audit logs in the manifest of the parent, where it was read. */
  readonly audit?: Manifest["audit"];
}

/** What to seal, and where. */
export interface SealRequest extends Pick<Replacement<SealResult>, "folder" | "target" | "onStep"> {
  /** Called twice: to list the content for the manifest, then to seal it; without the first if `listed` is right. */
  readonly source: () => TarSource;
  /** What the source had when it was last read, for the age format. It is read again if that has changed since. */
  readonly listed?: ListedContent | undefined;
  /** Undefined for a new vault. */
  readonly from?: Lineage;
  readonly passphrase: Secret;
  readonly format: VaultFormat;
  readonly limitBytes: number;
  /** Omits files that cannot be read, keep changing or cannot be stored. */
  readonly lenient?: boolean;
  /** With `lenient`: paths that are known to keep changing. */
  readonly moving?: readonly string[];
  /** With `lenient`: the vault whose version of what is left out is sealed instead. */
  readonly older?: SealedFile | undefined;
}

/** A vault that was sealed and verified. */
export interface SealedVault {
  readonly path: string;
  /** Unreadable paths and sockets, which are omitted. */
  readonly unread: readonly string[];
  readonly sockets: readonly string[];
  /** Paths that changed in every reading, which are omitted. */
  readonly changedWhileReading: readonly string[];
  /** SHA-256 of the sealed file, hex. */
  readonly sha256: string;
  readonly summary: ArchiveSummary;
}

type SealResult = Omit<SealedVault, "path" | "changedWhileReading">;

const tries = 3;
/** With `lenient`: more attempts, each without the paths that changed before. */
const lenientTries = 6;

/**
 * Seals `source` under the archive policy into a temporary file, opens that to verify it, and then gives it the vault's
 * name (or that of `target`). Content that changes while it is read is read again, up to three times. Failures: those of
 * `normalise`, the source, `sealVault` and `replaceVault`, and `save-incomplete` when content kept changing; then
 * nothing is changed.
 */
export async function sealInto(request: SealRequest): Promise<Result<SealedVault>> {
  const { passphrase, limitBytes, lenient = false } = request;
  const exclude = new Set<string>(request.moving);
  let listed = request.format === "age" ? request.listed : undefined;
  const hardLinks = new Set<string>(listed?.hardLinks);
  let audit: readonly KnownHead[] = [];
  // deriving the key takes as long as reading a large vault
  const salts = request.format === "age" ? [takeSalt(passphrase)] : [];
  // content that has changed since it was listed has not changed while it was read
  for (let attempt = listed === undefined ? 1 : 0; ; attempt++) {
    let changed: readonly string[] = [];
    const replaced = await replaceVault<SealResult>({
      ...request,
      fill: async (write) => {
        const before =
          request.format === "age" ? await survey({ ...request, listed }, { exclude, hardLinks }) : undefined;
        listed = undefined;
        if (before?.ok === false) return ((changed = cutAt(before.failure)), before);
        audit = before?.value.audit ?? [];
        const known = hardLinks.size;
        const sealed = await seal(request, write, {
          ...{ exclude, hardLinks, manifest: before?.value.manifest, salt: salts.pop() },
        });
        if (hardLinks.size > known) changed = [...hardLinks];
        if (!sealed.ok) return ((changed = cutAt(sealed.failure)), sealed);
        changed = [...changed, ...changedBetween(before?.value, sealed.value)];
        return changed.length === 0
          ? sealed
          : fail({ kind: "save-incomplete", problems: changed.map(changingProblem) });
      },
      verify: (path, { summary }) => verify(path, summary.digest, passphrase, limitBytes),
    });
    if (replaced.ok)
      return ok(
        await recordSealed(request, {
          ...replaced.value.filled,
          path: replaced.value.path,
          changedWhileReading: [...exclude],
          audit,
        }),
      );
    if (changed.length === 0 || attempt >= (lenient ? lenientTries : tries)) return replaced;
    if (lenient && attempt > 1) for (const path of changed) exclude.add(path);
  }
}

/** Records the sealed vault for the push, which has no passphrase to look inside. A failure to record is ignored. */
async function recordSealed(
  { folder, from, format }: SealRequest,
  { audit, ...sealed }: SealedVault & Pick<Survey, "audit">,
): Promise<SealedVault> {
  const { sha256, summary } = sealed;
  const record = { sha256, generation: (from?.generation ?? 0) + 1, content: summary.digest };
  // a v1 vault has no generation that its successor on another host could continue
  const newest = format === "age" ? record : { ...record, generation: 0 };
  if (sealed.path === join(folder, vaultFileName))
    await changeState(folder, (state) => ({
      ...withPullCompleted(state, from?.parent?.sealed),
      sealed: record,
      newest,
      ...(audit.length === 0 ? {} : { audit: joinHeads(state.audit, audit) }),
    }));
  return sealed;
}

function changingProblem(path: string): string {
  return `${path}: it changed each of the ${tries} times it was read`;
}

interface Survey {
  readonly manifest: Manifest;
  readonly audit: readonly KnownHead[];
  readonly changedWhileReading: readonly string[];
}

/** Returns the paths that differ between the two readings or changed during one. */
function changedBetween(
  before: Survey | undefined,
  after: SealResult & Partial<TarWarnings>,
): readonly string[] {
  const changed = new Set([
    ...(before?.changedWhileReading ?? []),
    ...withoutFolders(after.changedWhileReading ?? [], after.summary.entries),
  ]);
  if (before === undefined || before.manifest.digest === after.summary.digest) return [...changed];
  const lines = (entries: readonly DigestLine[]): Map<string, string> =>
    new Map(
      entries.map((line) => [
        line.entry.path,
        JSON.stringify([line.entry.mode, line.sha256, line.entry.target]),
      ]),
    );
  const [one, two] = [lines(before.manifest.entries), lines(after.summary.entries)];
  for (const path of [...one.keys(), ...two.keys()]) if (one.get(path) !== two.get(path)) changed.add(path);
  return [...changed];
}

/** Returns paths without those of folders: what was made and removed in one shows in the entries. */
function withoutFolders(paths: readonly string[], entries: readonly DigestLine[]): readonly string[] {
  const folders = new Set([
    ".",
    ...entries.flatMap(({ entry }) => (entry.type === "directory" ? entry.path : [])),
  ]);
  return paths.filter((path) => !folders.has(path));
}

/** What the readings of a source share. */
interface Selection {
  readonly exclude: ReadonlySet<string>;
  readonly hardLinks: Set<string>;
}

async function survey(request: SealRequest, selection: Selection): Promise<Result<Survey>> {
  const { source, folder, limitBytes, lenient = false, from, listed } = request;
  const state = await readState(folder);
  if (!state.ok) return state;
  const options = { limitBytes, format: "age", lenient, older: request.older, ...selection } as const;
  const found = listed === undefined ? await listSource(source(), options) : ok({ ...listed, changed: [] });
  if (!found.ok) return found;
  const { digest, entries, changed } = found.value;
  const audit = await headsToSeal(folder, joinHeads(state.value.state.audit, from?.audit));
  const manifest: Manifest = {
    version: 1,
    generation: (from?.generation ?? 0) + 1,
    parent: from?.parent,
    lineage: joinLineages(state.value.state.lineage ?? [], from?.lineage ?? []),
    ...(audit.length === 0 ? {} : { audit: audit.map(withoutOwn) }),
    host: hostname(),
    time: now().toISOString(),
    digest,
    entries,
  };
  return ok({ manifest, audit, changedWhileReading: changed });
}

/**
 * Lists the content of a source, reading it once, with the paths that changed while it was read and those that it leaves
 * out; `hardLinks` gets those of files
 * with other names. Failures: those of `normalise` and of the source.
 */
export async function listSource(
  { tar, done }: TarSource,
  {
    older,
    ...options
  }: Pick<ArchiveOptions, "limitBytes" | "format" | "lenient"> & Selection & Pick<SealRequest, "older">,
): Promise<
  Result<ListedContent & { readonly changed: readonly string[]; readonly leftOut: readonly string[] }>
> {
  const reading = summarise(tar, { ...options, ...olderVersion(older, done), count: meter("read") });
  const [summary, warnings] = await Promise.all([reading, done]);
  const complete = completeSummary(summary, warnings, summary);
  if (!complete.ok) return complete;
  const { summary: whole, warnings: said } = complete.value;
  const { digest, entries, dropped } = whole;
  const changed = withoutFolders(said.changedWhileReading, entries);
  const leftOut = [...dropped, ...said.unread];
  return ok({ digest, entries, hardLinks: options.hardLinks, changed, leftOut });
}

/**
 * Returns summary and warnings. When the source could not read everything, its failure takes precedence over the
 * truncated archive's.
 */
function completeSummary(
  summary: Result<ArchiveSummary>,
  warnings: Result<TarWarnings>,
  outcome: Result<unknown>,
): Result<{ readonly summary: ArchiveSummary; readonly warnings: TarWarnings }> {
  if (!warnings.ok && (outcome.ok || isTruncated(outcome.failure)))
    return fail(withLocation(warnings.failure, summary));
  if (!outcome.ok) return outcome;
  if (!summary.ok) return summary;
  return warnings.ok ? ok({ summary: summary.value, warnings: warnings.value }) : warnings;
}

/** Adds the path at which busybox's tar stopped, which it does not report when a file shrinks. */
function withLocation(failure: Failure, summary: Result<ArchiveSummary>): Failure {
  if (failure.kind !== "save-incomplete" || summary.ok || summary.failure.kind !== "archive-refused")
    return failure;
  const truncatedAt = summary.failure.entry.replace(/^\.\//, "");
  return {
    ...failure,
    cutAt: truncatedAt,
    problems: failure.problems.map((problem) => `${problem} (at ${truncatedAt})`),
  };
}

/** Returns how `normalise` gets the older version of what a source leaves out. */
function olderVersion(older: SealedFile | undefined, done: TarSource["done"]): Pick<ArchiveOptions, "older"> {
  if (older === undefined) return {};
  const { path, passphrase } = older;
  const unread = async (): Promise<readonly string[]> => {
    const warnings = await done;
    return warnings.ok ? warnings.value.unread : [];
  };
  return { older: { unread, entries: () => readEntries(vaultContent(path, passphrase).tar) } };
}

function cutAt(failure: Failure): readonly string[] {
  return failure.kind === "save-incomplete" && failure.cutAt !== undefined ? [failure.cutAt] : [];
}

/** Returns the size of the content, in bytes; undefined if it was not listed before. */
function contentBytes(manifest: Manifest | undefined): number | undefined {
  return manifest?.entries.reduce((sum, { entry }) => sum + entry.size, 0);
}

async function seal(
  request: SealRequest,
  write: Write,
  {
    manifest,
    salt,
    ...selection
  }: Selection & { readonly manifest: Manifest | undefined; readonly salt: Buffer | undefined },
): Promise<Result<SealResult & TarWarnings>> {
  const { source, passphrase, format, limitBytes, lenient = false, older } = request;
  const { tar, done } = source();
  const archive = normalise(tar, {
    ...{ limitBytes, format, lenient, ...selection, ...olderVersion(older, done) },
    manifest,
    count: meter("sealed", contentBytes(manifest)),
  });
  const [sha256, summary, warnings] = await Promise.all([
    sealVault(archive.tar, passphrase, format, write, salt),
    archive.summary,
    done,
  ]);
  const complete = completeSummary(summary, warnings, sha256);
  if (!complete.ok) return complete;
  if (!sha256.ok) return sha256;
  return ok({ sha256: sha256.value, summary: complete.value.summary, ...complete.value.warnings });
}

async function verify(
  path: string,
  digest: string,
  passphrase: Secret,
  limitBytes: number,
): Promise<Result<void>> {
  const opened = await openVault(path, passphrase, { doing: "verified" });
  if (!opened.ok) return opened;
  const found = await summarise(opened.value.tar, { limitBytes, format: opened.value.format });
  if (!found.ok) return found;
  if (found.value.digest === digest) return ok(undefined);
  return fail({ kind: "vault-damaged", path, detail: "the written file does not contain what was sealed" });
}

/** Returns every path of the source that is not in the vault. */
export function omittedPaths({
  summary,
  unread,
  sockets,
  changedWhileReading,
}: SealedVault): readonly string[] {
  return [...new Set([...summary.dropped, ...unread, ...sockets, ...changedWhileReading])];
}
