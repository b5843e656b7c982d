import { fileHash } from "../host/file-hash.js";
import { linkOrCopy } from "../host/files.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { noTarWarnings } from "./archive/tar-warnings.js";
import { joinHeads } from "./audit-heads.js";
import { conflictPath } from "./store.js";
import { type Inspected, inspectVault } from "./inspect-vault.js";
import { type Merge, mergeEntries } from "./merge-entries.js";
import { mergedTar, type SealedFile } from "./archive/merged-tar.js";
import { sealInto } from "./seal-into.js";

/** The vaults to merge. */
export interface MergeRequest {
  /** The local vault, which the merged one replaces. */
  readonly ours: SealedFile;
  readonly theirs: SealedFile;
  /** The last common vault, absolute, where there is one. */
  readonly base?: string;
  /** Whether the passphrase of the local vault was changed since the last common vault; it decides without `base`. */
  readonly passphraseChanged?: boolean;
  /** .tazpod/vault, absolute. */
  readonly folder: string;
  readonly limitBytes: number;
}

/** The result of a merge. */
export interface Merged extends Merge {
  readonly passphrase: Secret;
  /** The path of the previous local vault. */
  readonly kept: string;
  readonly hasBase: boolean;
}

/**
 * Merges two vaults, replaces the local one, and keeps that one in conflicts/. Content passes only through this
 * process's memory. Where the passphrases differ, the newer one seals: the one that does not open `base`; without
 * `base`, the local one only if it was changed here. Failures: those of `inspectVault` and `sealInto`, and `conflict`
 * when another process replaced the local vault; then nothing is changed.
 */
export async function mergeInto(request: MergeRequest): Promise<Result<Merged>> {
  const { ours, theirs, folder } = request;
  const [here, there] = [
    await inspectVault(ours.path, ours.passphrase),
    await inspectVault(theirs.path, theirs.passphrase),
  ];
  if (!here.ok) return here;
  if (!there.ok) return there;
  const base = await openBase(request);
  const merge = mergeEntries(
    base?.inspected.summary.entries,
    here.value.summary.entries,
    there.value.summary.entries,
  );
  const isOursOld =
    base === undefined ? request.passphraseChanged !== true : base.openedBy === ours.passphrase;
  const passphrase = isOursOld ? theirs.passphrase : ours.passphrase;
  const counted = [here, there].map(({ value }) => value.summary.manifest?.generation ?? 0);
  let kept = "";
  const sealed = await sealInto({
    folder,
    source: () => ({ tar: mergedTar({ ours, theirs, merge }), done: Promise.resolve(ok(noTarWarnings)) }),
    passphrase,
    format: here.value.format === there.value.format ? here.value.format : "age",
    limitBytes: request.limitBytes,
    from: {
      generation: Math.max(...counted),
      parent: { sealed: there.value.sha256, content: there.value.summary.digest },
      lineage: there.value.summary.manifest?.lineage ?? [],
      audit: joinHeads(here.value.summary.manifest?.audit, there.value.summary.manifest?.audit),
    },
    target: async () => {
      const put = await keepOurs(folder, ours.path, here.value.sha256);
      if (!put.ok) return put;
      kept = put.value;
      return ok(ours.path);
    },
  });
  return sealed.ok ? ok({ ...merge, passphrase, kept, hasBase: base !== undefined }) : sealed;
}

async function openBase({
  ours,
  theirs,
  base,
}: MergeRequest): Promise<{ readonly inspected: Inspected; readonly openedBy: Secret } | undefined> {
  if (base === undefined) return undefined;
  for (const openedBy of new Set([ours.passphrase, theirs.passphrase])) {
    const inspected = await inspectVault(base, openedBy);
    if (inspected.ok) return { inspected: inspected.value, openedBy };
  }
  return undefined;
}

async function keepOurs(folder: string, path: string, sha256: string): Promise<Result<string>> {
  const here = await fileHash(path);
  if (!here.ok) return here;
  if (here.value !== sha256)
    return fail({
      kind: "conflict",
      message: `Another tazpod replaced ${path} in the meantime, so nothing was merged.`,
      hint: "Run it again.",
    });
  const kept = await conflictPath(folder);
  if (!kept.ok) return kept;
  const linked = await linkOrCopy(path, kept.value);
  return linked.ok ? kept : linked;
}
