import { join } from "node:path";
import { makeFolder, readTextNow, removeFile, writeAtomic } from "../host/files.js";
import type { Result } from "../result.js";
import { type EngineName, engineNames } from "./types.js";

/** A note on the host of the engine that made the project's container: see choose.ts. */
function file(vaultFolder: string): string {
  return join(vaultFolder, "engine");
}

/** Undefined where nothing is noted, or it cannot be read. */
export function notedEngine(vaultFolder: string): EngineName | undefined {
  const name = readTextNow(file(vaultFolder))?.trim();
  return engineNames.find((known) => known === name);
}

export async function noteEngine(vaultFolder: string, name: EngineName): Promise<Result<void>> {
  const made = await makeFolder(vaultFolder);
  return made.ok ? writeAtomic(file(vaultFolder), `${name}\n`) : made;
}

/** The container is gone. */
export function forgetEngine(vaultFolder: string): Promise<Result<void>> {
  return removeFile(file(vaultFolder));
}
