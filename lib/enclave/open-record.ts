import { join } from "node:path";
import type { ContainerState } from "../engine/types.js";
import { readText, removeFile, stat, writeAtomic } from "../host/files.js";
import { ok, type Result } from "../result.js";
import { noteSaved } from "./unsaved-note.js";

/**
 * A note on the host that the vault was opened in this start of this container. The RAM folder lives exactly as long as
 * that, so the note saves asking inside; whoever acts on it makes sure there: a shell looks for the marker as it starts,
 * save and lock work from the marker alone.
 */
function file(vaultFolder: string): string {
  return join(vaultFolder, "open.json");
}

function run(state: ContainerState): string | undefined {
  return state.state === "running" ? `${state.id} ${state.startedAt}` : undefined;
}

export async function recordOpen(vaultFolder: string, state: ContainerState): Promise<Result<void>> {
  await noteSaved(vaultFolder);
  return writeAtomic(file(vaultFolder), `${JSON.stringify({ version: 1, run: run(state) })}\n`);
}

export async function forgetOpen(vaultFolder: string): Promise<Result<void>> {
  await noteSaved(vaultFolder);
  return removeFile(file(vaultFolder));
}

/** Whether there is a note, of whatever start of whatever container. */
export async function isNotedOpen(vaultFolder: string): Promise<boolean> {
  const found = await stat(file(vaultFolder));
  return found.ok && found.value !== undefined;
}

/** Whether the note is there and speaks of this start of this container. A note that cannot be read says nothing. */
export async function recordedOpen(vaultFolder: string, state: ContainerState): Promise<Result<boolean>> {
  const text = await readText(file(vaultFolder));
  if (!text.ok || text.value === undefined) return text.ok ? ok(false) : text;
  try {
    const found: unknown = JSON.parse(text.value);
    return ok(
      typeof found === "object" &&
        found !== null &&
        "run" in found &&
        found.run === run(state) &&
        run(state) !== undefined,
    );
  } catch {
    return ok(false);
  }
}
