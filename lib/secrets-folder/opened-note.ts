import { join } from "node:path";
import type { Engine } from "../engine/engine.js";
import { remoteOnly } from "../engine/oci/daemon.js";
import type { FailureOf } from "../failure/failure.js";
import { ok, type Result } from "../failure/result.js";
import { readText, removeFile, stat, writeAtomic } from "../host/files.js";
import { isRecord, parseJson } from "../host/json.js";
import { bootId } from "../host/process-identity.js";
import { displayPath } from "../host/paths.js";
import { printable } from "../host/printable.js";
import { projectState } from "../host/project-state.js";
import type { SecretsFolder } from "./secrets-folder.js";

/**
 * Where the vault was opened: the file opened.json next to the sealed vault. It tells a tazpod with another HOME, engine
 * or daemon, which finds no container, that there is one. Programs in the container cannot reach it, but the author of
 * the project could, so it is only ever a reason to refuse, or to seal the secrets folder to a file of its own.
 */
interface OpenedNote {
  readonly version: 1;
  /** The id of the boot in which it was opened. */
  readonly boot: string | undefined;
  readonly container: string;
  readonly engine: string;
  /** The daemon's address, if it is known. */
  readonly address: string | undefined;
  /** True if the daemon is on another machine, so that a reboot of this one does not end the container. */
  readonly isRemote: boolean;
  /** The project's state folder of the tazpod that opened it. */
  readonly state: string;
}

const file = (vaultFolder: string): string => join(vaultFolder, "opened.json");

/** Notes that the vault is being opened there. Failure: `file`. */
export async function noteOpened({ engine, container, vaultFolder }: SecretsFolder): Promise<Result<void>> {
  const [boot, address] = await Promise.all([bootId(), engine.address()]);
  const note: OpenedNote = {
    ...{ version: 1, boot, container, engine: engine.name, address },
    ...{ isRemote: remoteOnly(address) !== undefined, state: projectState(vaultFolder) },
  };
  return writeAtomic(file(vaultFolder), `${JSON.stringify(note)}\n`);
}

/** Returns whether there is a note, which may be of an earlier boot. */
export async function hasOpenedNote(vaultFolder: string): Promise<boolean> {
  const found = await stat(file(vaultFolder));
  return found.ok && found.value !== undefined;
}

/** Returns whether the note says that this home opened the vault in this container, in this boot of the host. */
export async function isOpenedHere({ engine, container, vaultFolder }: SecretsFolder): Promise<boolean> {
  const text = await readText(file(vaultFolder));
  const note = text.ok && text.value !== undefined ? parseNote(text.value) : undefined;
  if (note === undefined || note.container !== container || note.engine !== engine.name) return false;
  return note.state === projectState(vaultFolder) && (note.isRemote || note.boot === (await bootId()));
}

/** Removes the note. Failure: `file`. */
export function removeOpenedNote(vaultFolder: string): Promise<Result<void>> {
  return removeFile(file(vaultFolder));
}

/**
 * Returns a failure if the vault was opened where this tazpod does not look: with another HOME, engine or daemon.
 * Undefined if there is no note, or it is about a container that this engine would show, or that ended with an earlier
 * boot. Call it if the engine has no container of the project.
 */
export async function openedElsewhere(
  vaultFolder: string,
  engine: Engine,
): Promise<Result<FailureOf<"opened-elsewhere"> | undefined>> {
  const text = await readText(file(vaultFolder));
  if (!text.ok || text.value === undefined) return text.ok ? ok(undefined) : text;
  const note = parseNote(text.value);
  if (note === undefined || (!note.isRemote && note.boot !== (await bootId()))) return ok(undefined);
  const state = projectState(vaultFolder);
  const address = note.engine === engine.name ? await engine.address() : undefined;
  const isSameDaemon =
    note.engine === engine.name &&
    (note.address === undefined || address === undefined || note.address === address);
  if (isSameDaemon && note.state === state) return ok(undefined);
  return ok({
    kind: "opened-elsewhere",
    ...{ container: printable(note.container), engine: printable(note.engine) },
    address: note.address === undefined ? undefined : printable(note.address),
    state: isSameDaemon ? printable(note.state) : undefined,
    file: displayPath(file(vaultFolder)),
  });
}

function parseNote(text: string): OpenedNote | undefined {
  const found = parseJson(text);
  return isRecord(found) &&
    found["version"] === 1 &&
    ["container", "engine", "state"].every((name) => typeof found[name] === "string") &&
    ["string", "undefined"].includes(typeof found["address"])
    ? (found as unknown as OpenedNote)
    : undefined;
}
