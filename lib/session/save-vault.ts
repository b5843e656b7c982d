import { markSaved, updateOpen } from "../secrets-folder/open-record.js";
import { readOpenState } from "../secrets-folder/open-state.js";
import { packFolder } from "../secrets-folder/pack.js";
import type { OpenVault, SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { explain } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { sleep } from "../host/clock.js";
import { fileHash } from "../host/file-hash.js";
import { makeFolder } from "../host/files.js";
import { pathExists } from "../host/project-file.js";
import { printable } from "../host/printable.js";
import { isInUse, sessionsTimestamp } from "../project/sessions.js";
import { type Result, fail, ok } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import type { DigestLine, ListedContent } from "../vault/archive/manifest.js";
import { changesBetween } from "../vault/changes.js";
import { archiveLimit } from "../vault/archive/entry-policy.js";
import type { SealedFile } from "../vault/archive/merged-tar.js";
import { foldersAbove } from "../vault/archive/tar-header.js";
import { conflictPath, savedAsConflict } from "../vault/store.js";
import type { VaultFormat } from "../vault/vault-format.js";
import { listSource, omittedPaths, sealInto } from "../vault/seal-into.js";
import { formatBytes, formatFileCount, listNames } from "../host/human.js";
import { fromFailure } from "../run/checks.js";
import { partsToClose } from "./open-and-close-parts.js";
import { formatOf, notOpen, openStateChanged, sealRamContent } from "./tampered.js";
import { saveSource } from "./save-source.js";
import { type CheckResult, type StepContext, fails, holds } from "./step.js";

/** Receives what a save has to tell. */
export interface SaveReport {
  readonly print: (text: string) => void;
  /** Gets the names of what was left out. */
  readonly leftOut: (paths: readonly string[]) => void;
}

/** What a save seals, and how. */
interface SaveRequest {
  readonly secrets: SecretsFolder;
  readonly opened: OpenVault;
  readonly passphrase: Secret;
  readonly format: VaultFormat;
  /** Leaves out what cannot be read or stored. */
  readonly lenient: boolean;
  /** With `lenient`: what is left out because it changes all the time. */
  readonly moving?: readonly string[];
}

/** Time in ms in which a file that is written all the time has changed after it was saved. */
const movingMs = 200;

/**
 * Seals the RAM folder, opens the result to verify it, and makes it the local vault. Sockets, pipes and devices are
 * left out. If a file cannot be read or stored, everything else is saved, and the failure names it: the vault still
 * counts as unsaved. Needs the project lock. Failures: `vault-closed`, `vault-vanished`, and those of sealing.
 */
export async function saveVault(
  context: StepContext,
  passphrase: Secret,
  report: SaveReport,
): Promise<Result<void>> {
  const { project, options } = context;
  const secrets = await context.secrets();
  if (!secrets.ok) return secrets;
  const openState = await readOpenState(secrets.value);
  if (!openState.ok) return openState;
  if (typeof openState.value === "string") return notOpen(context, openState.value);
  const format = await formatOf(project);
  if (!format.ok) return format;
  const known = await knownConflict(context, openState.value);
  if (!known.ok) return known;
  if (known.value !== undefined) return fail(savedAsConflict(known.value));
  const request = { secrets: secrets.value, opened: openState.value, passphrase, format: format.value };
  const saved = options.skipUnreadable
    ? await sealWithoutMoving(context, request, report)
    : await seal(context, { ...request, lenient: false }, report);
  if (saved.ok) await markSaved(project.vaultFolder);
  if (saved.ok || options.skipUnreadable || saved.failure.kind !== "save-incomplete") return saved;
  const rest = await seal(context, { ...request, lenient: true }, report);
  if (rest.ok) return fail({ ...saved.failure, restSaved: true });
  // the rest is in a file of its own
  return rest.failure.kind === "conflict" ? rest : saved;
}

/** Seals what can be sealed, and again without what has changed right after that. */
async function sealWithoutMoving(
  context: StepContext,
  request: Omit<SaveRequest, "lenient">,
  report: SaveReport,
): Promise<Result<void>> {
  const said: (() => void)[] = [];
  const later: SaveReport = {
    print: (text) => said.push(() => report.print(text)),
    leftOut: (paths) => said.push(() => report.leftOut(paths)),
  };
  const sealed = await seal(context, { ...request, lenient: true }, later);
  await sleep(movingMs, context.signal);
  const again = sealed.ok ? await readOpenState(request.secrets) : sealed;
  if (again.ok && typeof again.value !== "string") {
    const opened = again.value;
    const digest = await digestOf(context, request.secrets, opened.moving ?? []);
    const changed = digest.ok && digest.value.digest !== opened.digest ? changedSinceSave(context) : [];
    const moving = [...(opened.moving ?? []), ...changed];
    if (changed.length > 0) return seal(context, { ...request, opened, lenient: true, moving }, report);
  }
  for (const say of said) say();
  return sealed;
}

async function seal(context: StepContext, request: SaveRequest, report: SaveReport): Promise<Result<void>> {
  const { project, session } = context;
  const { secrets, opened, passphrase, format, lenient } = request;
  // with closed parts, their files are sealed, too, which the list does not have
  const listed = lenient || opened.parts !== undefined ? undefined : lastListed.get(session);
  lastListed.delete(session);
  const made = await makeFolder(project.vaultFolder);
  if (!made.ok) return made;
  const generation = opened.generation ?? 0;
  const limitBytes = archiveLimit(project.config.secretsBytes);
  if (opened.parts !== undefined && !(await pathExists(project.vaultFile)))
    return sealWithoutRest(context, secrets, passphrase);
  const source = await saveSource(context, {
    ...{ secrets, opening: opened.parts, passphrase, format, limitBytes, lenient },
  });
  if (!source.ok) return source;
  const older = lenient ? await openedVault(context, opened, passphrase) : ok(undefined);
  if (!older.ok) return older;
  const sealed = await sealInto({
    passphrase,
    format,
    folder: project.vaultFolder,
    source: source.value.open,
    listed,
    lenient,
    moving: request.moving ?? [],
    older: older.value,
    from: { generation, parent: { sealed: opened.base, content: opened.digest } },
    limitBytes,
    target: async (filled) => {
      const place = await saveTarget(context, opened);
      if (!place.ok) return place;
      const { path, base } = place.value;
      const updated = await updateOpen(secrets, { ...opened, base, next: filled.sha256 });
      return updated.ok ? ok(path) : updated;
    },
  });
  if (!sealed.ok) return fail(toSaveFailure(sealed.failure));
  const { path, sha256, summary } = sealed.value;
  const leftOut = omittedPaths(sealed.value);
  lastSaved.set(session, { entries: summary.entries, leftOut });
  report.leftOut(leftOut);
  const digest = source.value.digest(sealed.value) ?? summary.ownDigest;
  if (path !== project.vaultFile) {
    lastConflict.set(session, { path, digest });
    return fail(savedAsConflict(path));
  }
  report.print(`✔ Vault saved: ${formatFileCount(summary.files)}, ${formatBytes(summary.bytes)}`);
  const { leftOut: strays, newParts } = source.value.strays();
  const keptStrays = await keepStrays(context, secrets, passphrase, strays);
  if (!keptStrays.ok) return keptStrays;
  const { next: _, parts, ...rest } = opened;
  return updateOpen(secrets, {
    ...rest,
    ...(parts === undefined ? {} : { parts: { ...parts, open: [...parts.open, ...newParts] } }),
    digest,
    base: sha256,
    generation: generation + 1,
    moving: sealed.value.changedWhileReading,
  });
}

/** Seals open parts of a vault that is gone, and with it the closed ones. Always fails with `conflict` once that is done. */
async function sealWithoutRest(
  { project, session, signal }: StepContext,
  secrets: SecretsFolder,
  passphrase: Secret,
): Promise<Result<never>> {
  const kept = await sealRamContent(project, secrets, passphrase, signal, lastConflict.get(session)?.path);
  if (!kept.ok) return kept;
  if (kept.value !== undefined) lastConflict.set(session, { path: kept.value, digest: "" });
  return fail({
    kind: "conflict",
    message: `The vault on this host was removed while only parts of it were open, so it cannot be made again from them.${kept.value === undefined ? "" : ` They were sealed in ${kept.value}.`}`,
    hint: "`tazpod lock --discard` closes them; then `tazpod pull` gets the vault.",
  });
}

/** Returns a report that prints everything. */
export function printedReport(print: (text: string) => void): SaveReport {
  return { print, leftOut: (paths) => paths.length > 0 && print(describeLeftOut(paths)) };
}

/** Describes what a save left out. */
export function describeLeftOut(paths: readonly string[]): string {
  const listed = new Set(paths);
  // of a folder, its content is not named
  const outermost = paths.filter((path) => !foldersAbove(path).some((folder) => listed.has(folder)));
  return `Not saved, so that the vault keeps what it had there: ${listNames(outermost.map(printable), 20)}`;
}

/** Seals files in closed parts to a file of their own, and has it reported when the step or the shell ends. */
async function keepStrays(
  { project, session, signal }: StepContext,
  secrets: SecretsFolder,
  passphrase: Secret,
  strays: readonly string[],
): Promise<Result<void>> {
  if (strays.length === 0) return ok(undefined);
  const kept = await sealRamContent(project, secrets, passphrase, signal, session.strays.path);
  if (!kept.ok) return kept;
  const names = listNames(strays, 5);
  session.strays.keep(
    kept.value,
    `Not saved in the vault, because their part is closed: ${names}. The whole RAM folder is sealed in ${kept.value}. \`tazpod unlock --part NAME\` opens a part.`,
  );
  return ok(undefined);
}

/** Reports a file that a vault cannot hold as a reason why saving failed. */
function toSaveFailure(failure: Failure): Failure {
  return failure.kind === "archive-refused"
    ? { kind: "save-incomplete", problems: [`${JSON.stringify(failure.entry)}: ${failure.detail}`] }
    : failure;
}

/**
 * Returns where the saved vault goes: a conflict file if the local vault is no longer the one that was opened, the same
 * one for each save of this run. `base` is the hash it is based on; after a save that was killed once it had replaced the
 * vault, that save's hash.
 */
async function saveTarget(
  context: StepContext,
  opened: OpenVault,
): Promise<Result<{ readonly path: string; readonly base: string }>> {
  const { project, session } = context;
  const base = await baseHere(context, opened);
  if (!base.ok) return base;
  if (base.value !== undefined) return ok({ path: project.vaultFile, base: base.value });
  const before = lastConflict.get(session)?.path;
  const path =
    before !== undefined && (await pathExists(before)) ? ok(before) : await conflictPath(project.vaultFolder);
  return path.ok ? ok({ path: path.value, base: opened.base }) : path;
}

/** Returns the hash of the local vault that the open one is based on; undefined if another vault is in its place. */
async function baseHere(context: StepContext, opened: OpenVault): Promise<Result<string | undefined>> {
  const { project, options } = context;
  // one that was removed is made again
  if (options.force || !(await pathExists(project.vaultFile))) return ok(opened.base);
  return openedHash(context, opened);
}

/** Returns the hash of the local vault, which must be there, if it is the one that was opened. */
async function openedHash(
  { project, signal }: StepContext,
  { base, next }: OpenVault,
): Promise<Result<string | undefined>> {
  const here = await fileHash(project.vaultFile, signal);
  if (!here.ok) return here;
  return ok(here.value === base || here.value === next ? here.value : undefined);
}

/** Returns the local vault, if it is the one that was opened; another may have another passphrase. */
async function openedVault(
  context: StepContext,
  opened: OpenVault,
  passphrase: Secret,
): Promise<Result<SealedFile | undefined>> {
  const { vaultFile: path } = context.project;
  const hash = (await pathExists(path)) ? await openedHash(context, opened) : ok(undefined);
  if (!hash.ok) return hash;
  return ok(hash.value === undefined ? undefined : { path, passphrase });
}

/** Returns the conflict file that has just this content, if this run has sealed one and would seal it again. */
async function knownConflict(context: StepContext, opened: OpenVault): Promise<Result<string | undefined>> {
  const known = lastConflict.get(context.session);
  if (known === undefined || lastListed.get(context.session)?.digest !== known.digest) return ok(undefined);
  const base = await baseHere(context, opened);
  if (!base.ok) return base;
  return ok(base.value === undefined && (await pathExists(known.path)) ? known.path : undefined);
}

/**
 * What the secrets folder had when each run last checked that, for its next save. It is not in `Session`, whose types the
 * package ships.
 */
const lastListed = new WeakMap<StepContext["session"], ListedContent>();
/** The conflict file that each run has sealed, and the digest of the secrets folder in it. */
const lastConflict = new WeakMap<
  StepContext["session"],
  { readonly path: string; readonly digest: string }
>();
/** The entries of the vault that each run saved last, and what it left out and reported. */
const lastSaved = new WeakMap<
  StepContext["session"],
  { readonly entries: readonly DigestLine[]; readonly leftOut: readonly string[] }
>();

/** Returns the paths in the secrets folder that were added or changed since this run saved it and before it was checked. */
function changedSinceSave({ session }: StepContext): readonly string[] {
  const [saved, listed] = [lastSaved.get(session), lastListed.get(session)];
  if (saved === undefined || listed === undefined) return [];
  const { added, changed } = changesBetween(saved.entries, listed.entries);
  return [...added, ...changed];
}

/** Returns the digest of the secrets folder and what it leaves out, and keeps the list of its content for the save. */
async function digestOf(
  { project, options, session, signal }: StepContext,
  secrets: SecretsFolder,
  moving: readonly string[],
): Promise<Result<Pick<ListedContent, "digest"> & { readonly leftOut: readonly string[] }>> {
  lastListed.delete(session);
  const lenient = options.skipUnreadable;
  const format = await formatOf(project);
  if (!format.ok) return format;
  const found = await listSource(packFolder(secrets, { signal, lenient, noteLook: true }), {
    limitBytes: archiveLimit(project.config.secretsBytes),
    format: lenient ? format.value : "age",
    lenient,
    exclude: new Set(lenient ? moving : []),
    hardLinks: new Set(),
  });
  if (!found.ok) return found;
  if (lenient || found.value.changed.length === 0) lastListed.set(session, found.value);
  return ok(found.value);
}

/** Checks the fact `vault-saved`; reads the whole RAM folder. */
export async function vaultSaved(context: StepContext): Promise<CheckResult> {
  if (context.options.discard) return holds("unsaved work is discarded (--discard)");
  const secrets = await context.secrets();
  if (!secrets.ok) return fromFailure(secrets.failure);
  // read it first: sessions that come and go during the reading may change what was read already
  const seen = await sessionsTimestamp(context.project.vaultFolder);
  if (!seen.ok) return fromFailure(seen.failure);
  context.session.vault.checkedAt = seen.value;
  const openState = await readOpenState(secrets.value);
  if (!openState.ok) return fromFailure(openState.failure);
  if (openState.value === "closed") return fails("the vault is not open");
  if (openState.value === "closing") return holds("it was saved before locking started");
  if (openState.value === "changed") return fails(explain(await openStateChanged(context)).message);
  const digest = await digestOf(context, secrets.value, openState.value.moving ?? []);
  // unreadable means unsaved; the save then reports why
  if (!digest.ok)
    return digest.failure.kind === "container-gone"
      ? fromFailure(digest.failure)
      : fails("the RAM folder cannot be read completely");
  const reported = lastSaved.get(context.session)?.leftOut ?? [];
  const unreported = digest.value.leftOut.filter((path) => !reported.includes(path));
  // the save names them
  if (context.options.skipUnreadable && unreported.length > 0)
    return fails(`${listNames(unreported, 3)} cannot be saved`);
  if (digest.value.digest === openState.value.digest) return holds("nothing has changed since it was saved");
  if (!context.session.vault.isLeaving || !(await isInUse(context.project.vaultFolder))) {
    const changed = changedSinceSave(context).map(printable);
    if (changed.length === 0) return fails("there is unsaved work");
    return fails(
      `${listNames(changed, 3)} changed since the save; --skip-unreadable leaves out what changes all the time`,
    );
  }
  // a part is closed only once everything is saved and no other session needs it
  const parts = await partsToClose(context);
  return parts.ok && parts.value.length === 0
    ? holds("another shell is open and will save when it ends")
    : fails("there is unsaved work, and a part of the vault has to be closed");
}
