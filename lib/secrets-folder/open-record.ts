import { join } from "node:path";
import type { ContainerState } from "../engine/engine.js";
import { readText, removeFile, stat, writeNew } from "../host/files.js";
import { projectState, writeState } from "../host/project-state.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { SecretsFolder, OpenVault } from "./secrets-folder.js";

/**
 * The host's record of the open vault: the start of the container that it was opened in, the mark that was left in the RAM
 * folder, and what was opened. The RAM folder lives exactly as long as that start. What a program in the container writes
 * there changes none of it.
 */
interface OpenRecord {
  readonly version: 2;
  readonly run: string;
  readonly mark: string;
  readonly opened: OpenVault;
}

const name = "open.json";

function file(vaultFolder: string): string {
  return join(projectState(vaultFolder), name);
}

/** A name for one start of one container; undefined when it does not run. */
export function containerStart(state: ContainerState): string | undefined {
  return state.state === "running" ? `${state.id} ${state.startedAt}` : undefined;
}

type FolderStart = Pick<SecretsFolder, "vaultFolder" | "run">;

/** Records that the vault is being opened in this start of the container, under this mark. */
export async function recordOpen(
  { vaultFolder, run }: FolderStart,
  mark: string,
  opened: OpenVault,
): Promise<Result<void>> {
  await markSaved(vaultFolder);
  return write(vaultFolder, { version: 2, run, mark, opened });
}

/** Records what has changed of what is open. Failure: `vault-closed` when nothing is recorded for this start. */
export async function updateOpen(place: FolderStart, opened: OpenVault): Promise<Result<void>> {
  const record = await readOpen(place);
  if (!record.ok) return record;
  if (record.value === undefined) return fail({ kind: "vault-closed" });
  return write(place.vaultFolder, { ...record.value, opened });
}

/** The record for this start of the container; undefined when there is none. */
export async function readOpen({ vaultFolder, run }: FolderStart): Promise<Result<OpenRecord | undefined>> {
  const found = await read(vaultFolder);
  if (!found.ok) return found;
  return ok(found.value?.version === 2 && found.value.run === run ? found.value : undefined);
}

/**
 * What was open according to the mark that an earlier tazpod left in the RAM folder, where its note was taken over for
 * this start of the container; it is recorded from then on. Undefined for anything else.
 */
export async function adoptOpen(place: FolderStart, mark: string): Promise<Result<OpenVault | undefined>> {
  const found = await read(place.vaultFolder);
  if (!found.ok || found.value?.version !== 1 || found.value.run !== place.run)
    return found.ok ? ok(undefined) : found;
  const opened = parse(mark);
  if (opened === undefined) return ok(undefined);
  const written = await write(place.vaultFolder, { version: 2, run: place.run, mark, opened });
  return written.ok ? ok(opened) : written;
}

export async function forgetOpen(vaultFolder: string): Promise<Result<void>> {
  await markSaved(vaultFolder);
  return removeFile(file(vaultFolder));
}

/** Whether there is a record, of whatever start of whatever container. */
export async function hasOpenRecord(vaultFolder: string): Promise<boolean> {
  const found = await stat(file(vaultFolder));
  return found.ok && found.value !== undefined;
}

/** Whether there is a record for this state of the container. A record that cannot be read says nothing. */
export async function isRecordedOpen(vaultFolder: string, state: ContainerState): Promise<Result<boolean>> {
  const run = containerStart(state);
  const found = await read(vaultFolder);
  return found.ok ? ok(run !== undefined && found.value?.run === run) : found;
}

type AnyRecord = OpenRecord | { readonly version: 1; readonly run: string };

async function read(vaultFolder: string): Promise<Result<AnyRecord | undefined>> {
  const text = await readText(file(vaultFolder));
  if (!text.ok || text.value === undefined) return text.ok ? ok(undefined) : text;
  const found = parse<AnyRecord>(text.value);
  return ok(found !== undefined && typeof found.run === "string" ? found : undefined);
}

function write(vaultFolder: string, record: OpenRecord): Promise<Result<void>> {
  return writeState(vaultFolder, name, `${JSON.stringify(record)}\n`);
}

/** The record, or the mark of an older tazpod, that a text holds; undefined when it is neither. */
function parse<T = OpenVault>(text: string): T | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && "version" in found ? (found as T) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A note on the host that the open vault has work which is not sealed yet, by the shells that watch it, for whoever has no
 * time to ask inside. It is a hint: what saves and locks looks for itself.
 */
function unsavedFile(vaultFolder: string): string {
  return join(projectState(vaultFolder), "unsaved");
}

/** That it is there already, or cannot be written, does not matter. */
export async function markUnsaved(vaultFolder: string): Promise<void> {
  await writeNew(unsavedFile(vaultFolder), "");
}

export async function markSaved(vaultFolder: string): Promise<void> {
  await removeFile(unsavedFile(vaultFolder));
}

export async function isMarkedUnsaved(vaultFolder: string): Promise<boolean> {
  const found = await stat(unsavedFile(vaultFolder));
  return found.ok && found.value !== undefined;
}
