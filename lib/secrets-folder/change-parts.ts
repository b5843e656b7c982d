import type { Readable } from "node:stream";
import { fail, ok, type Result } from "../failure/result.js";
import {
  execScript,
  scriptStallMs,
  printedSummary,
  printedLines,
  type FolderAttributes,
  folderLine,
  escapePath,
} from "./exec.js";
import { commitFiles, removePaths, stageFiles } from "./container-scripts.js";
import type { UnpackResult } from "./unpack.js";
import type { SecretsFolder } from "./secrets-folder.js";

/** Files to add to an open vault. */
export interface FilesToAdd {
  /** A tar of harmless files, folders and links, none of which is in the secrets folder yet. */
  readonly tar: Readable;
  /** Settles once the whole tar is checked, with the attributes of its folders, deepest first. */
  readonly checked: Promise<Result<readonly FolderAttributes[]>>;
}

/**
 * Adds files to an open vault: unpacks into a staging folder, checks, moves in and links from the home. The caller
 * records the change. Failure: `vault-closed`.
 */
export async function addFiles(
  secrets: SecretsFolder,
  { tar, checked }: FilesToAdd,
  signal: AbortSignal,
): Promise<Result<UnpackResult>> {
  const staged = await execScript(secrets, stageFiles, [0, 3], { input: tar, signal });
  const folders = await checked;
  if (!folders.ok && folders.failure.kind !== "interrupted") return folders;
  if (!staged.ok) return staged;
  if (!folders.ok) return folders;
  if (staged.value.code === 3) return fail({ kind: "vault-closed" });
  const lines = [...folders.value.map(folderLine), "end", ""];
  const input = lines.join("\n");
  const done = await execScript(
    secrets,
    commitFiles,
    [0, 3],
    { input, stallMs: 2 * scriptStallMs },
    secrets.bridges,
  );
  if (!done.ok) return done;
  return done.value.code === 0 ? ok({ unlinked: printedLines(done.value) }) : fail({ kind: "vault-closed" });
}

/** Paths to remove from an open vault. */
export interface FilesToRemove {
  /** Files and links. */
  readonly files: readonly string[];
  /** Folders, deepest first. */
  readonly folders: readonly string[];
}

/**
 * Removes files from the secrets folder, and the links that led to them. Failure: `still-open` with what could not be
 * removed.
 */
export async function removeFiles(
  secrets: SecretsFolder,
  { files, folders }: FilesToRemove,
): Promise<Result<void>> {
  const lines = [
    ...folders.toReversed().map((path) => `open ${escapePath(path)}`),
    ...files.map((path) => `file ${escapePath(path)}`),
    ...folders.map((path) => `folder ${escapePath(path)}`),
    "",
  ];
  const done = await execScript(secrets, removePaths, [0, 5], { input: lines.join("\n") });
  if (!done.ok) return done;
  return done.value.code === 0
    ? ok(undefined)
    : fail({ kind: "still-open", detail: printedSummary(done.value) });
}
