import { join } from "node:path";
import { readText, removeFile, stat } from "../host/files.js";
import { projectState, writeState } from "../host/project-state.js";
import { ok, type Result } from "../failure/result.js";
import type { Entry, Tree } from "./entry.js";

/** The state that a project and its copy last had in common, in this host's state of the project. */
const name = "workspace.json";
const file = (vaultFolder: string): string => join(projectState(vaultFolder), name);

const types: readonly string[] = ["file", "directory", "link"];

/**
 * Reads the common state for this volume; undefined when it is missing, invalid or about another volume. That is safe:
 * without it, nothing is removed.
 */
export async function readBase(vaultFolder: string, volume: string): Promise<Result<Tree | undefined>> {
  const text = await readText(file(vaultFolder));
  if (!text.ok) return text;
  try {
    const found = JSON.parse(text.value ?? "null") as { volume?: unknown; entries?: unknown } | null;
    if (found?.volume !== volume || !Array.isArray(found.entries)) return ok(undefined);
    const rows: readonly unknown[] = found.entries;
    return rows.every(isRow) ? ok(new Map(rows.map(([path, entry]) => [path, entry]))) : ok(undefined);
  } catch {
    return ok(undefined);
  }
}

/** Returns whether there is a common state for any volume: without one, nothing was ever synced. */
export async function hasBase(vaultFolder: string): Promise<boolean> {
  const found = await stat(file(vaultFolder));
  return !found.ok || found.value !== undefined;
}

/** Removes the common state after the copy was removed. */
export function forgetBase(vaultFolder: string): Promise<Result<void>> {
  return removeFile(file(vaultFolder));
}

/** Writes the common state for this volume. */
export function writeBase(vaultFolder: string, volume: string, tree: Tree): Promise<Result<void>> {
  return writeState(vaultFolder, name, `${JSON.stringify({ version: 1, volume, entries: [...tree] })}\n`);
}

function isRow(row: unknown): row is readonly [string, Entry] {
  if (!Array.isArray(row) || typeof row[0] !== "string") return false;
  const { type, mode, content } = (row[1] ?? {}) as Partial<Entry>;
  return types.includes(type ?? "") && typeof mode === "number" && typeof content === "string";
}
