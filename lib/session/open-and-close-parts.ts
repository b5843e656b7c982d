import { updateOpen } from "../secrets-folder/open-record.js";
import { readOpenState } from "../secrets-folder/open-state.js";
import { addFiles, removeFiles } from "../secrets-folder/change-parts.js";
import type { UnpackResult } from "../secrets-folder/unpack.js";
import { packFolder } from "../secrets-folder/pack.js";
import type { OpenVault, SecretsFolder } from "../secrets-folder/secrets-folder.js";
import type { Failure } from "../failure/failure.js";
import { fileHash } from "../host/file-hash.js";
import { withProjectLock } from "../project/project-lock.js";
import { type Result, fail, ok } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { type ArchiveSummary, normalise, summarise } from "../vault/archive/normalise.js";
import { archiveLimit } from "../vault/archive/entry-policy.js";
import { type DigestLine, archiveDigest } from "../vault/archive/manifest.js";
import { vaultContent } from "../vault/inspect-vault.js";
import { type OpenParts, closedParts, isAboveOpen, isOpen, partOf, rest } from "../vault/vault-parts.js";
import { filterTar } from "../vault/archive/tar-entries.js";
import { reportUnlinked } from "./unlock-vault.js";
import { formatBytes, formatFileCount, listNames } from "../host/human.js";
import { checkPartNames } from "./requested-parts.js";
import { provenPassphrase } from "./ask-passphrase.js";
import type { StepContext } from "./step.js";
import { otherSessions } from "../project/sessions.js";

/**
 * Opens the named parts that are still closed in an open vault. If none is named, prints which parts are closed.
 * Failures: `precondition` if a different file is in the way, and those of unlocking; then nothing has changed.
 */
export async function openMissingParts(context: StepContext, secrets: SecretsFolder): Promise<Result<void>> {
  const { project, options, session, terminal, signal } = context;
  const named = checkPartNames(project, options.parts);
  if (!named.ok) return named;
  const before = await openParts(secrets);
  if (!before.ok) return before;
  const closed = before.value === undefined ? [] : closedParts(before.value);
  const missing = closed.filter((name) => named.value.includes(name));
  if (missing.length === 0) {
    if (named.value.length === 0 && closed.length > 0)
      terminal.print(`Closed parts: ${closed.join(", ")}. \`tazpod unlock --part NAME\` opens one.`);
    return ok(undefined);
  }
  const passphrase = await provenPassphrase(context, "Passphrase of the vault:");
  if (!passphrase.ok) return passphrase;
  const opened = await withProjectLock(project.vaultFolder, signal, () =>
    addParts(context, secrets, passphrase.value, missing),
  );
  if (!opened.ok) return opened;
  session.parts.opened = [...session.parts.opened, ...missing];
  const { files, bytes, unlinked } = opened.value;
  reportUnlinked(terminal, secrets, unlinked);
  terminal.print(`✔ Unlocked ${missing.join(", ")}: ${formatFileCount(files)}, ${formatBytes(bytes)}`);
  return ok(undefined);
}

/** Returns which parts are open; undefined means all. Failure: `vault-closed`. */
export async function openParts(secrets: SecretsFolder): Promise<Result<OpenParts | undefined>> {
  const openState = await readOpenState(secrets);
  if (!openState.ok) return openState;
  return typeof openState.value === "string" ? fail({ kind: "vault-closed" }) : ok(openState.value.parts);
}

async function addParts(
  context: StepContext,
  secrets: SecretsFolder,
  passphrase: Secret,
  names: readonly string[],
): Promise<Result<ArchiveSummary & UnpackResult>> {
  const { project, signal } = context;
  const openState = await readOpenState(secrets);
  if (!openState.ok) return openState;
  if (typeof openState.value === "string" || openState.value.parts === undefined)
    return fail({ kind: "vault-closed" });
  const sealed = await fileHash(project.vaultFile, signal);
  if (!sealed.ok) return sealed;
  if (sealed.value !== openState.value.base && sealed.value !== openState.value.next)
    return fail(vaultReplaced);
  const { parts, open } = openState.value.parts;
  const opening = { parts, open: [...open, ...names] };
  const limitBytes = archiveLimit(project.config.secretsBytes);
  const all = await readParts(vaultContent(project.vaultFile, passphrase).tar, opening, limitBytes);
  if (!all.ok) return all;
  const inRam = await listRamFolder(secrets, signal);
  if (!inRam.ok) return inRam;
  const isNew = ({ entry }: DigestLine): boolean =>
    names.includes(partOf(entry.path, parts)) && entry.type !== "directory";
  const known = new Map(inRam.value.map((line) => [line.entry.path, line]));
  const existing = all.value.entries.filter((line) => isNew(line) && known.has(line.entry.path));
  const different = existing.filter((line) => !isSame(line, known.get(line.entry.path)));
  if (different.length > 0) return fail(pathsInTheWay(different.map(({ entry }) => entry.path)));
  const same = new Set(existing.map(({ entry }) => entry.path));
  const wanted = filterTar(
    vaultContent(project.vaultFile, passphrase).tar,
    (path) => names.includes(partOf(path, parts)) && !same.has(path),
  );
  const added = normalise(wanted, { limitBytes, format: "age", openFolders: true });
  const checked = added.summary.then((summary) =>
    summary.ok
      ? ok(summary.value.folders.filter(({ path }) => names.includes(partOf(path, parts))))
      : summary,
  );
  const { parts: _, ...rest } = openState.value;
  const next: OpenVault = { ...rest, digest: all.value.digest };
  const isWhole = closedParts(opening).length === 0;
  const unpacked = await addFiles(secrets, { tar: added.tar, checked }, signal);
  if (!unpacked.ok) return unpacked;
  // record it last: if interrupted before, the added files are equal to those in the sealed vault
  const recorded = await updateOpen(secrets, isWhole ? next : { ...next, parts: opening });
  if (!recorded.ok) return recorded;
  // the other links were reported when their parts were opened
  const unlinked = unpacked.value.unlinked.filter((path) => names.includes(partOf(path, parts)));
  const summary = await added.summary;
  return summary.ok ? ok({ ...summary.value, unlinked }) : summary;
}

async function readParts(
  tar: Parameters<typeof filterTar>[0],
  opening: OpenParts,
  limitBytes: number,
): Promise<Result<ArchiveSummary>> {
  const wanted = filterTar(tar, (path) => isOpen(path, opening));
  return summarise(wanted, { limitBytes, format: "age" });
}

/** How the RAM folder is read: its own size is the limit. */
const everything = { limitBytes: Number.MAX_SAFE_INTEGER, format: "age" } as const;

/** Lists the RAM folder, including files that a vault cannot hold. */
async function listRamFolder(
  secrets: SecretsFolder,
  signal: AbortSignal,
): Promise<Result<readonly DigestLine[]>> {
  const packed = packFolder(secrets, { signal, lenient: true });
  const reading = summarise(packed.tar, { ...everything, lenient: true, hardLinks: new Set() });
  const [summary, done] = await Promise.all([reading, packed.done]);
  if (!done.ok) return done;
  return summary.ok ? ok(summary.value.entries) : summary;
}

function isSame(one: DigestLine, other: DigestLine | undefined): boolean {
  return (
    one.entry.type === other?.entry.type &&
    one.sha256 === other.sha256 &&
    one.entry.target === other.entry.target
  );
}

const vaultReplaced = {
  kind: "precondition",
  task: "unlock",
  message:
    "The sealed vault was replaced while another one is open. Save and lock the open one first, then unlock again.",
} as const;

function pathsInTheWay(paths: readonly string[]): Failure {
  const names = listNames(paths, 10);
  return {
    kind: "precondition",
    task: "unlock",
    message: `Different files are in the place of files of this part: ${names}. Move them away, then unlock the part again.`,
  };
}

/** Returns the parts that this run opened and that no other session needs, once its shell has ended. */
export async function partsToClose({ project, session }: StepContext): Promise<Result<readonly string[]>> {
  if (!session.vault.isLeaving || session.parts.toClose.length === 0) return ok([]);
  const others = await otherSessions(project.vaultFolder);
  if (!others.ok) return others;
  const wanted = new Set(others.value.flatMap(({ parts }) => parts));
  return ok(session.parts.toClose.filter((part) => !wanted.has(part)));
}

/**
 * Removes parts from the RAM folder after their changes were saved. Failures: `changed-meanwhile` if something has
 * changed since, `vault-closed`, `still-open`.
 */
export function closeParts(context: StepContext, secrets: SecretsFolder): Promise<Result<void>> {
  const { project, session, signal } = context;
  return withProjectLock(project.vaultFolder, signal, async () => {
    const names = await partsToClose(context);
    if (!names.ok) return names;
    const openState = await readOpenState(secrets);
    if (!openState.ok) return openState;
    if (typeof openState.value === "string") return fail({ kind: "vault-closed" });
    const closed = await removeParts(context, secrets, openState.value, names.value);
    if (closed.ok) session.parts.toClose = [];
    return closed;
  });
}

async function removeParts(
  { project, signal }: StepContext,
  secrets: SecretsFolder,
  openState: OpenVault,
  names: readonly string[],
): Promise<Result<void>> {
  const { parts, open } = openState.parts ?? allOpen(project.config.parts);
  const left: OpenParts = { parts, open: open.filter((name) => !names.includes(name)) };
  const packed = packFolder(secrets, { signal, lenient: false });
  const reading = summarise(packed.tar, { ...everything, hardLinks: new Set() });
  const [summary, done] = await Promise.all([reading, packed.done]);
  if (!done.ok) return done;
  if (!summary.ok) return summary;
  if (summary.value.digest !== openState.digest)
    return fail({ kind: "changed-meanwhile", detail: "The open vault has changed in the meantime" });
  const stays = ({ entry: { path, type } }: DigestLine): boolean =>
    isOpen(path, left) || (type === "directory" && isAboveOpen(path, left));
  const { entries, folders } = summary.value;
  // update the record first: a part recorded as open but missing would look like deleted files
  const updated = await updateOpen(secrets, {
    ...openState,
    digest: archiveDigest(entries.filter(stays)),
    parts: left,
  });
  if (!updated.ok) return updated;
  const removed = entries.filter((line) => !stays(line));
  const removedPaths = new Set(removed.map(({ entry }) => entry.path));
  return removeFiles(secrets, {
    files: removed.filter(({ entry }) => entry.type !== "directory").map(({ entry }) => entry.path),
    folders: folders.filter(({ path }) => removedPaths.has(path)).map(({ path }) => path),
  });
}

function allOpen(parts: OpenParts["parts"]): OpenParts {
  const plain = parts.map(({ name, paths }) => ({ name, paths }));
  return { parts: plain, open: [...plain.map(({ name }) => name), rest] };
}
