import { join } from "node:path";
import { removeFile, stat, writeNew } from "../host/files.js";
import { projectState } from "../host/project-state.js";

/**
 * A note on the host that the open vault has work which is not sealed yet, by the shells that watch it, for whoever has no
 * time to ask inside. It is a hint: what saves and locks looks for itself.
 */
function file(vaultFolder: string): string {
  return join(projectState(vaultFolder), "unsaved");
}

/** That it is there already, or cannot be written, does not matter. */
export async function markUnsaved(vaultFolder: string): Promise<void> {
  await writeNew(file(vaultFolder), "");
}

export async function markSaved(vaultFolder: string): Promise<void> {
  await removeFile(file(vaultFolder));
}

export async function isMarkedUnsaved(vaultFolder: string): Promise<boolean> {
  const found = await stat(file(vaultFolder));
  return found.ok && found.value !== undefined;
}
