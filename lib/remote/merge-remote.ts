import { createTemp, type TempFile } from "../host/temp-file.js";
import { type Result, settle, take } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { type Merged, mergeInto } from "../vault/merge-into.js";
import { cleanLeftovers, vaultFileName } from "../vault/store.js";
import { fetchAncestor } from "./ancestor.js";
import { aboutFetched, fetchVault } from "./fetch-vault.js";
import { readLocal } from "./local-vault.js";
import { recordSynced } from "./last-synced.js";
import type { Remote } from "./remote-types.js";

/** What to merge. */
export interface MergeRemoteRequest {
  readonly remote: Remote;
  /** .tazpod/vault, absolute. */
  readonly folder: string;
  readonly limitBytes: number;
  /** Called after the download: returns the passphrases of the local vault and of the one at the path `theirs`. */
  readonly passphrases: (
    theirs: string,
  ) => Promise<Result<{ readonly ours: Secret; readonly theirs: Secret }>>;
  readonly signal: AbortSignal;
}

/**
 * Merges the local vault with the remote's and records the remote's as last synced, so that the next push replaces
 * exactly that. Failures: those of the remote, of `passphrases` and of `mergeInto`; then the local vault is unchanged.
 */
export async function mergeRemote(request: MergeRemoteRequest): Promise<Result<Merged>> {
  await cleanLeftovers(request.folder);
  const theirs = await createTemp(request.folder, vaultFileName);
  if (!theirs.ok) return theirs;
  const merged = await settle(() => merge(request, theirs.value));
  await theirs.value.discard();
  return merged;
}

async function merge(request: MergeRemoteRequest, temp: TempFile): Promise<Merged> {
  const { remote, folder, limitBytes, passphrases, signal } = request;
  const { state, path } = take(await readLocal(folder, { signal }));
  const fetched = await fetchVault((download) => remote.download(download), temp, {
    name: remote.url,
    downloadLimits: remote.downloadLimits,
    signal,
  });
  const { object, sha256 } = take(fetched);
  const named = <T>(result: Result<T>): T => take(aboutFetched(result, temp.path, remote.url));
  const { ours, theirs } = named(await passphrases(temp.path));
  const ancestor = take(
    await fetchAncestor(remote, folder, {
      state,
      theirs: object.parents,
      signal,
    }),
  );
  const merged = await mergeInto({
    ours: { path, passphrase: ours },
    theirs: { path: temp.path, passphrase: theirs },
    base: ancestor?.path,
    passphraseChanged: state.passphraseChanged === true,
    folder,
    limitBytes,
  });
  await ancestor?.discard();
  const done = named(merged);
  take(await recordSynced(folder, remote.url, object, sha256));
  return done;
}
