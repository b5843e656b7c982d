import { join } from "node:path";
import { fileHash } from "../host/file-hash.js";
import { removeFile, stat } from "../host/files.js";
import { replaceFile } from "../host/temp-file.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import type { Manifest } from "./archive/manifest.js";
import { type Descent, descent, maxLineage, shortName } from "./lineage.js";
import { openVault } from "./open-vault.js";
import type { OpenedFile } from "./rollback-check.js";
import { vaultFileName } from "./store.js";
import { type ArrivalRecord, changeState, readState, type RefusedRecord } from "./vault-state.js";

/**
 * Checks that a vault that was pulled and is opened here for the first time descends from the one it replaced, by the
 * lineage in its manifest; without one it is accepted. Failure: `conflict`.
 */
export async function checkDescent(vaultFolder: string, opened: OpenedFile): Promise<Result<void>> {
  const { sha256, manifest } = opened;
  const arrival = await arrivalOf(vaultFolder, sha256);
  if (!arrival.ok) return arrival;
  if (arrival.value === undefined || descentOf(arrival.value, manifest) !== "no") return ok(undefined);
  return fail({
    kind: "conflict",
    message: `The pulled vault (sealed by ${manifest?.host ?? "another host"}) does not contain the last version that this host synced with the remote.`,
    hint: "Run `tazpod merge` to merge both.",
  });
}

/**
 * Ends the wait for a pulled vault's first opening, now that it was opened completely. The replaced vault's copy is
 * removed, unless nothing shows that the new one descends from it; then its path is returned.
 */
export async function settleArrival(
  vaultFolder: string,
  { sha256, manifest }: OpenedFile,
): Promise<Result<string | undefined>> {
  const found = await arrivalOf(vaultFolder, sha256);
  if (!found.ok || found.value === undefined) return found.ok ? ok(undefined) : found;
  const settled = await changeState(vaultFolder, (state) => ({
    ...state,
    arrival: undefined,
    refused: undefined,
  }));
  if (!settled.ok) return settled;
  const path = join(vaultFolder, found.value.replaced);
  if (descentOf(found.value, manifest) !== "yes") return ok(path);
  const removed = await removeFile(path);
  return removed.ok ? ok(undefined) : removed;
}

/**
 * Puts the vault back that a pull replaced, if the pulled one was not opened here yet, and remembers the remote's as
 * refused. Returns whether it did.
 */
export async function revertArrival(
  vaultFolder: string,
  why: RefusedRecord["why"],
): Promise<Result<boolean>> {
  const path = join(vaultFolder, vaultFileName);
  const here = await fileHash(path);
  if (!here.ok) return here;
  const found = await arrivalOf(vaultFolder, here.value);
  if (!found.ok || found.value === undefined) return found.ok ? ok(false) : found;
  const { replaced, before } = found.value;
  const copy = join(vaultFolder, replaced);
  const there = await stat(copy);
  if (!there.ok || there.value === undefined) return there.ok ? ok(false) : there;
  const put = await replaceFile(copy, path);
  if (!put.ok) return put;
  const changed = await changeState(vaultFolder, ({ pushed, sealed, newest, audit }) => ({
    version: 1,
    ...before,
    sealed,
    newest,
    audit,
    ...(pushed === undefined ? {} : { refused: { remote: pushed.remote, etag: pushed.etag, why } }),
  }));
  return changed.ok ? ok(true) : changed;
}

/**
 * Returns whether a passphrase that does not open the pulled vault opens the one it replaced: then it was changed
 * elsewhere.
 */
export async function opensReplaced(vaultFolder: string, passphrase: Secret): Promise<boolean> {
  const here = await fileHash(join(vaultFolder, vaultFileName));
  const found = here.ok ? await arrivalOf(vaultFolder, here.value) : here;
  if (!found.ok || found.value === undefined) return false;
  const opened = await openVault(join(vaultFolder, found.value.replaced), passphrase);
  if (opened.ok) opened.value.tar.destroy();
  return opened.ok;
}

/** Tells whether a pulled vault descends from the replaced one, by the remote's metadata or its own manifest. */
function descentOf({ descends, before }: ArrivalRecord, manifest: Manifest | undefined): Descent {
  if (descends) return "yes";
  const { lineage, parent } = manifest ?? {};
  const all =
    parent === undefined || lineage === undefined ? lineage : [...lineage, shortName(parent.sealed)];
  return descent(all, maxLineage, before.pushed === undefined ? [] : [before.pushed.sha256]);
}

async function arrivalOf(vaultFolder: string, sha256: string): Promise<Result<ArrivalRecord | undefined>> {
  const read = await readState(vaultFolder);
  if (!read.ok) return read;
  const { arrival } = read.value.state;
  return ok(arrival?.sha256 === sha256 ? arrival : undefined);
}
