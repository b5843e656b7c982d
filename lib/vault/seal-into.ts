import { hostname } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Failure } from "../failure/failure.js";
import { now } from "../host/clock.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { type ArchiveSummary, normalise } from "./archive/normalise.js";
import { type TarWarnings, isTruncated } from "./archive/tar-warnings.js";
import type { DigestLine, Manifest } from "./archive/manifest.js";
import type { VaultFormat } from "./vault-format.js";
import { openVault } from "./open-vault.js";
import { sealVault, type Write } from "./seal-vault.js";
import { prepareSalt } from "./age/passphrase-stanza.js";
import { changeState, withPullCompleted } from "./vault-state.js";
import { type Replacement, replaceVault, vaultFileName } from "./store.js";

/** A tar of unknown make. */
export interface TarSource {
  readonly tar: Readable;
  /** What whoever made the tar could not read; asked once `tar` has ended. */
  readonly done: Promise<Result<TarWarnings>>;
}

/** What the manifest says of a vault's descent. */
interface Lineage {
  /** That of the vault it was made from; 0 for a new one. */
  readonly generation: number;
  readonly parent?: Manifest["parent"];
}

export interface SealRequest extends Pick<Replacement<SealResult>, "folder" | "target" | "onStep"> {
  /** Asked twice: to say first what is in the vault, and to seal it. */
  readonly source: () => TarSource;
  /** Nothing for a vault that is new. */
  readonly from?: Lineage;
  readonly passphrase: Secret;
  readonly format: VaultFormat;
  readonly limitBytes: number;
  /** What cannot be read, does not stand still, or cannot be in a vault is left out. */
  readonly lenient?: boolean;
}

export interface SealedVault {
  readonly path: string;
  /** What the source could not read, and so is not in it. */
  readonly unread: readonly string[];
  /** What was changed whenever it was read, and so is not in it. */
  readonly changedWhileReading: readonly string[];
  /** Of the sealed file, hex. */
  readonly sha256: string;
  readonly summary: ArchiveSummary;
}

type SealResult = Omit<SealedVault, "path" | "changedWhileReading">;

const tries = 3;
/** With `lenient`: as often again, each time without what was seen to move. */
const lenientTries = 6;

/**
 * Seals what `source` gives, under the archive policy, into a temporary file beside the vault, opens that for proof,
 * and only then gives it the vault's name (or that of `target`). What changes meanwhile is read again, three times at
 * most. Failures: those of `normalise`, of the source, of `sealVault` and of `replaceVault`, and `save-incomplete` for
 * what never stood still; then all is as it was.
 */
export async function sealInto(request: SealRequest): Promise<Result<SealedVault>> {
  const { passphrase, limitBytes, lenient = false } = request;
  const exclude = new Set<string>();
  // making the key takes as long as reading a large vault
  const salts = request.format === "age" ? [prepareSalt(passphrase)] : [];
  for (let attempt = 1; ; attempt++) {
    let changed: readonly string[] = [];
    const replaced = await replaceVault<SealResult>({
      ...request,
      fill: async (write) => {
        const before = request.format === "age" ? await survey(request, exclude) : undefined;
        if (before?.ok === false) return ((changed = cutAt(before.failure)), before);
        const sealed = await seal(request, write, exclude, {
          manifest: before?.value.manifest,
          salt: salts.pop(),
        });
        if (!sealed.ok) return ((changed = cutAt(sealed.failure)), sealed);
        changed = changedBetween(before?.value, sealed.value);
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
        }),
      );
    if (changed.length === 0 || attempt >= (lenient ? lenientTries : tries)) return replaced;
    if (lenient && attempt > 1) for (const path of changed) exclude.add(path);
  }
}

/** Notes what is in the vault now, for the push, which has no passphrase to look. Without the note it does with less. */
async function recordSealed({ folder, from }: SealRequest, sealed: SealedVault): Promise<SealedVault> {
  const { sha256, summary } = sealed;
  const record = { sha256, generation: (from?.generation ?? 0) + 1, content: summary.digest };
  if (sealed.path === join(folder, vaultFileName))
    await changeState(folder, (state) => ({
      ...withPullCompleted(state, from?.parent?.sealed),
      sealed: record,
      newest: record,
    }));
  return sealed;
}

function changingProblem(path: string): string {
  return `${path}: it was changed each of the ${tries} times it was being read`;
}

interface Survey {
  readonly manifest: Manifest;
  readonly changedWhileReading: readonly string[];
}

/** The paths that were not the same in both readings, or changed during one of them. */
function changedBetween(
  before: Survey | undefined,
  after: SealResult & Partial<TarWarnings>,
): readonly string[] {
  const changed = new Set([...(before?.changedWhileReading ?? []), ...(after.changedWhileReading ?? [])]);
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

async function survey(request: SealRequest, exclude: ReadonlySet<string>): Promise<Result<Survey>> {
  const { source, limitBytes, lenient = false, from } = request;
  const { tar, done } = source();
  const archive = normalise(tar, { limitBytes, format: "age", lenient, exclude });
  archive.tar.resume();
  const [summary, warnings] = await Promise.all([archive.summary, done]);
  const complete = completeSummary(summary, warnings, summary);
  if (!complete.ok) return complete;
  const { digest, entries } = complete.value.summary;
  const manifest: Manifest = {
    version: 1,
    generation: (from?.generation ?? 0) + 1,
    ...(from?.parent === undefined ? {} : { parent: from.parent }),
    host: hostname(),
    time: now().toISOString(),
    digest,
    entries,
  };
  return ok({ manifest, changedWhileReading: complete.value.warnings.changedWhileReading });
}

/** What was read and what was complained of. A source that could not read everything says more than what it cut short. */
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

/** busybox's tar gives up at a file that became shorter, and does not say at which. */
function withLocation(failure: Failure, summary: Result<ArchiveSummary>): Failure {
  if (failure.kind !== "save-incomplete" || summary.ok || summary.failure.kind !== "archive-refused")
    return failure;
  const cutAt = summary.failure.entry.replace(/^\.\//, "");
  return { ...failure, cutAt, problems: failure.problems.map((problem) => `${problem} (at ${cutAt})`) };
}

function cutAt(failure: Failure): readonly string[] {
  return failure.kind === "save-incomplete" && failure.cutAt !== undefined ? [failure.cutAt] : [];
}

async function seal(
  request: SealRequest,
  write: Write,
  exclude: ReadonlySet<string>,
  { manifest, salt }: { readonly manifest: Manifest | undefined; readonly salt: Buffer | undefined },
): Promise<Result<SealResult & TarWarnings>> {
  const { source, passphrase, format, limitBytes, lenient = false } = request;
  const { tar, done } = source();
  const archive = normalise(tar, {
    ...{ limitBytes, format, lenient, exclude },
    ...(manifest === undefined ? {} : { manifest }),
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
  const opened = await openVault(path, passphrase);
  if (!opened.ok) return opened;
  const { tar, summary } = normalise(opened.value.tar, { limitBytes, format: opened.value.format });
  tar.resume();
  const found = await summary;
  if (!found.ok) return found;
  if (found.value.digest === digest) return ok(undefined);
  return fail({ kind: "vault-damaged", path, detail: "what was written does not hold what was sealed" });
}

/** Every path that was there and is not in the vault. */
export function omittedPaths({ summary, unread, changedWhileReading }: SealedVault): readonly string[] {
  return [...new Set([...summary.dropped, ...unread, ...changedWhileReading])];
}
