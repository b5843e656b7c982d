import { makeFolder } from "../host/files.js";
import { Failed, type Result, settle, take } from "../failure/result.js";
import type { Failure } from "../failure/failure.js";
import type { Secret } from "../host/secret.js";
import { restoreInto } from "../vault/restore-into.js";
import { cleanLeftovers } from "../vault/store.js";
import { aboutFetched } from "./fetch-vault.js";
import { copyAt, fetchCopy, type NumberedCopy, numberedCopies } from "./copies.js";
import { isPushed, type LocalVault, readLocal } from "./local-vault.js";
import { recordSynced } from "./last-synced.js";
import type { Known, Remote } from "./remote-types.js";

/** Which copy to restore. */
export interface RestoreCopyRequest {
  readonly remote: Remote;
  /** .tazpod/vault, absolute. */
  readonly folder: string;
  /** The number of a copy in the list, or a time. */
  readonly at: string;
  /** Replace a vault that was not pushed and keep it as a backup. */
  readonly force?: boolean;
  /** Called after the download, with the copy's path: returns the passphrases that open it and that seal it again. */
  readonly passphrases: (
    copy: string,
  ) => Promise<Result<{ readonly ofCopy: Secret; readonly toSeal: Secret }>>;
  readonly signal: AbortSignal;
}

/** The restored copy, and the passphrase of the new vault. */
export interface Restored {
  readonly copy: NumberedCopy;
  readonly passphrase: Secret;
  /** The backup of a replaced vault that was not pushed. */
  readonly backup?: string;
}

/**
 * Restores a copy from the remote's history as a new generation of the local vault, and records the remote's current
 * object as last synced, which the next push replaces. Failures: `conflict` when the local vault was not pushed or was
 * replaced in the meantime; those of the remote, of `copyAt`, of `passphrases` and of `restoreInto`.
 */
export function restoreCopy(request: RestoreCopyRequest): Promise<Result<Restored>> {
  return settle(() => restore(request));
}

async function restore(request: RestoreCopyRequest): Promise<Restored> {
  const { remote, folder, at, force = false, signal } = request;
  take(await makeFolder(folder));
  await cleanLeftovers(folder);
  const local = take(await readLocal(folder, { signal }));
  const unpushed = local.sha256 !== undefined && !isPushed(local, remote.url);
  if (unpushed && !force) throw new Failed(notPushed(local, remote));
  const copy = take(copyAt(take(await numberedCopies(remote, signal)), at));
  // the next push will replace what is there now
  const there = await remote.head(signal);
  if (there.state === "unknown") throw new Failed(there.failure);
  const { temp } = take(await fetchCopy(remote, copy.name, folder, signal));
  try {
    const sealed = await settle(() => seal(request, { local, unpushed, there }, temp.path));
    return { copy, ...take(aboutFetched(sealed, temp.path, copy.name)) };
  } finally {
    await temp.discard();
  }
}

interface Found {
  readonly local: LocalVault;
  readonly unpushed: boolean;
  readonly there: Known;
}

async function seal(
  { remote, folder, passphrases }: RestoreCopyRequest,
  { local, unpushed, there }: Found,
  copy: string,
): Promise<Omit<Restored, "copy">> {
  const { ofCopy, toSeal: passphrase } = take(await passphrases(copy));
  const { pushed } = local.state;
  const seen = pushed?.remote === remote.url ? (pushed.generation ?? 0) : 0;
  const found = there.state === "present" ? (there.object.generation ?? 0) : 0;
  const restored = await restoreInto({
    copy: { path: copy, passphrase: ofCopy },
    path: local.path,
    folder,
    passphrase,
    generation: Math.max(seen, found),
    replaces: local.sha256,
    backup: unpushed,
    onReplaced: () => ({ ok: false, failure: notPushed(local, remote) }),
  });
  const backup = take(restored);
  if (there.state === "present") take(await recordSynced(folder, remote.url, there.object));
  return { passphrase, backup };
}

function notPushed({ path }: LocalVault, { url }: Remote): Failure {
  return {
    kind: "conflict",
    message: `${path} has changes that were not pushed to ${url} and would be replaced, so nothing was changed`,
    hint: "Run `tazpod push` first, or use --force, which keeps them as vault.tar.aes.bak-N.",
  };
}
