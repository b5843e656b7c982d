import { join } from "node:path";
import type { ContainerState } from "../engine/engine.js";
import { readText, removeFile, renameFile, stat, writeNew } from "../host/files.js";
import { projectState, writeState } from "../host/project-state.js";
import type { LostRecord } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";
import { displayPath } from "../host/paths.js";
import { isRecord, parseJson } from "../host/json.js";
import { isOpenedHere, noteOpened, removeOpenedNote } from "./opened-note.js";
import type { SecretsFolder, OpenVault } from "./secrets-folder.js";

/**
 * The host's record of the open vault: the container start it was opened in, the mark left in the secrets folder, and
 * the opened vault. The secrets folder exists exactly as long as that start. Programs in the container cannot change
 * the record.
 */
interface OpenRecord {
  readonly version: 2;
  readonly run: string;
  readonly mark: string;
  readonly opened: OpenVault;
}

const name = "open.json";
/** The record's name while the secrets folder is emptied. */
const closingName = "closing.json";

function file(vaultFolder: string, fileName = name): string {
  return join(projectState(vaultFolder), fileName);
}

/** Returns an id of a container's current start; undefined when it is not running. */
export function containerStart(state: ContainerState): string | undefined {
  return state.state === "running" ? `${state.id} ${state.startedAt}` : undefined;
}

type FolderStart = Pick<SecretsFolder, "vaultFolder" | "startId">;

/** Records that the vault is being opened in this container start, with this mark. */
export async function recordOpen(
  secrets: SecretsFolder,
  mark: string,
  opened: OpenVault,
): Promise<Result<void>> {
  const { vaultFolder, startId } = secrets;
  const noted = await noteOpened(secrets);
  if (!noted.ok) return noted;
  await markSaved(vaultFolder);
  return write(vaultFolder, { version: 2, run: startId, mark, opened });
}

/** Updates the record. Failure: `vault-closed` when there is none for this start. */
export async function updateOpen(at: FolderStart, opened: OpenVault): Promise<Result<void>> {
  const record = await readOpen(at);
  if (!record.ok) return record;
  if (record.value === undefined) return fail({ kind: "vault-closed" });
  return write(at.vaultFolder, { ...record.value, opened });
}

/** Returns the record for this container start; undefined when there is none. */
export async function readOpen({
  vaultFolder,
  startId,
}: FolderStart): Promise<Result<OpenRecord | undefined>> {
  const found = await read(vaultFolder);
  if (!found.ok) return found;
  return ok(found.value?.version === 2 && found.value.run === startId ? found.value : undefined);
}

/**
 * Migrates a version 1 record: reads the open vault from the mark in the secrets folder and records it. Undefined when
 * there is no such record for this start.
 */
export async function adoptOpen(at: FolderStart, mark: string): Promise<Result<OpenVault | undefined>> {
  const found = await read(at.vaultFolder);
  if (!found.ok || found.value?.version !== 1 || found.value.run !== at.startId)
    return found.ok ? ok(undefined) : found;
  const opened = parse(mark);
  if (opened === undefined) return ok(undefined);
  const written = await write(at.vaultFolder, { version: 2, run: at.startId, mark, opened });
  return written.ok ? ok(opened) : written;
}

/**
 * Records that the vault, of which everything is saved or discarded, is being closed: it no longer counts as open.
 * Renames the record, which a full disk allows.
 */
export async function recordClosing(vaultFolder: string): Promise<Result<void>> {
  await markSaved(vaultFolder);
  return renameFile(file(vaultFolder), file(vaultFolder, closingName));
}

/** Undoes `recordClosing`, if nothing was removed yet and something has changed. */
export async function recordStillOpen(vaultFolder: string): Promise<Result<void>> {
  await markUnsaved(vaultFolder);
  return renameFile(file(vaultFolder, closingName), file(vaultFolder));
}

/** Returns whether a vault with this mark is being closed, or was when tazpod was killed. */
export async function isRecordedClosing(
  { vaultFolder, startId }: FolderStart,
  mark: string,
): Promise<Result<boolean>> {
  const found = await read(vaultFolder, closingName);
  if (!found.ok) return found;
  return ok(found.value?.version === 2 && found.value.run === startId && found.value.mark === mark);
}

/** Removes the record, the note next to the vault, and the mark of unsaved changes. */
export async function forgetOpen(vaultFolder: string): Promise<Result<void>> {
  await markSaved(vaultFolder);
  const removed = await removeFile(file(vaultFolder));
  const closed = removed.ok ? await removeFile(file(vaultFolder, closingName)) : removed;
  return closed.ok ? removeOpenedNote(vaultFolder) : closed;
}

/** Returns whether there is a record, for any container start. */
export async function hasOpenRecord(vaultFolder: string): Promise<boolean> {
  const found = await stat(file(vaultFolder));
  return found.ok && found.value !== undefined;
}

/** Returns whether there is a record for the container's current start. An unreadable record counts as none. */
export async function isRecordedOpen(vaultFolder: string, state: ContainerState): Promise<Result<boolean>> {
  const run = containerStart(state);
  const found = await read(vaultFolder);
  return found.ok ? ok(run !== undefined && found.value?.run === run) : found;
}

/** Returns how the record was lost, if this host opened the vault and has no readable record of it any more. */
export async function lostRecord(secrets: SecretsFolder): Promise<LostRecord | undefined> {
  const { vaultFolder } = secrets;
  const found = await read(vaultFolder);
  if (!found.ok || found.value !== undefined || !(await isOpenedHere(secrets))) return undefined;
  return {
    file: displayPath(file(vaultFolder)),
    how: (await hasOpenRecord(vaultFolder)) ? "damaged" : "removed",
  };
}

type AnyRecord = OpenRecord | { readonly version: 1; readonly run: string };

async function read(vaultFolder: string, fileName = name): Promise<Result<AnyRecord | undefined>> {
  const text = await readText(file(vaultFolder, fileName));
  if (!text.ok || text.value === undefined) return text.ok ? ok(undefined) : text;
  const found = parse<AnyRecord>(text.value);
  return ok(found !== undefined && typeof found.run === "string" ? found : undefined);
}

function write(vaultFolder: string, record: OpenRecord): Promise<Result<void>> {
  return writeState(vaultFolder, name, `${JSON.stringify(record)}\n`);
}

/** Parses a record, or the mark of version 1; undefined for anything else. */
function parse<T = OpenVault>(text: string): T | undefined {
  const found = parseJson(text);
  return isRecord(found) && "version" in found ? (found as T) : undefined;
}

/**
 * A file on the host that says that the open vault has unsaved changes, written by the shells that watch it. It is a
 * hint for fast checks; saving and locking look inside.
 */
function unsavedFile(vaultFolder: string): string {
  return join(projectState(vaultFolder), "unsaved");
}

/** Ignores a file that exists or cannot be written. */
export async function markUnsaved(vaultFolder: string): Promise<void> {
  await writeNew(unsavedFile(vaultFolder), "");
}

/** Removes the mark of unsaved changes. */
export async function markSaved(vaultFolder: string): Promise<void> {
  await removeFile(unsavedFile(vaultFolder));
}

/** Returns whether unsaved changes are marked. */
export async function isMarkedUnsaved(vaultFolder: string): Promise<boolean> {
  const found = await stat(unsavedFile(vaultFolder));
  return found.ok && found.value !== undefined;
}
