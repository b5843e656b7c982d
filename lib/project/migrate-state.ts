import { join } from "node:path";
import { list, statRegularFile, readText, removeEmptyFolder, removeFile } from "../host/files.js";
import { createState, hasState } from "../host/project-state.js";
import { ok, type Result } from "../failure/result.js";

/** Files that earlier versions kept in .tazpod/vault, where programs in the container could write. */
const names = ["state.json", "endpoints.json", "workspace.json", "engine", "open.json", "unsaved"];

/** Larger than any of them in a project of 100,000 files, in bytes. */
const maxBytes = 64 * 1024 * 1024;

/**
 * Moves the state of earlier versions out of the project's folder, once per host, if `mayTake` agrees: it may as well have
 * come with a clone, and then says what its author wants. Skips anything but regular files of a reasonable size. Failures:
 * `file`, and those of `mayTake`.
 */
export async function migrateState(
  vaultFolder: string,
  mayTake: (names: readonly string[]) => Promise<Result<boolean>>,
): Promise<Result<void>> {
  if (await hasState(vaultFolder)) return ok(undefined);
  const found = await list(join(vaultFolder, "sessions"));
  const sessions = found.ok ? found.value.filter((name) => /^\d+$/.test(name)).slice(0, 1000) : [];
  const files = new Map<string, string>();
  for (const name of [...names, ...sessions.map((pid) => `sessions/${pid}`)]) {
    const seen = await statRegularFile(join(vaultFolder, name));
    if (!seen.ok || seen.value === undefined || seen.value.bytes > maxBytes) continue;
    const text = await readText(join(vaultFolder, name));
    if (text.ok && text.value !== undefined) files.set(name, text.value);
  }
  if (files.size === 0) return ok(undefined);
  const agreed = await mayTake([...files.keys()]);
  if (!agreed.ok || !agreed.value) return agreed.ok ? ok(undefined) : agreed;
  const created = await createState(vaultFolder, files);
  if (!created.ok || !created.value) return created.ok ? ok(undefined) : created;
  for (const name of files.keys()) await removeFile(join(vaultFolder, name));
  await removeEmptyFolder(join(vaultFolder, "sessions"));
  return ok(undefined);
}
