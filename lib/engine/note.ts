import { join } from "node:path";
import { readTextSync, removeFile } from "../host/files.js";
import { projectState, writeState } from "../host/project-state.js";
import type { Result } from "../failure/result.js";
import { type EngineName, engineNames } from "./types.js";

/** A note on the host of the engine that made the project's container: see choose.ts. */
const name = "engine";

/** Undefined where nothing is noted, or it cannot be read. */
export function readRecordedEngine(vaultFolder: string): EngineName | undefined {
  const text = readTextSync(join(projectState(vaultFolder), name))?.trim();
  return engineNames.find((known) => known === text);
}

export function recordEngine(vaultFolder: string, engine: EngineName): Promise<Result<void>> {
  return writeState(vaultFolder, name, `${engine}\n`);
}

/** The container is gone. */
export function forgetRecordedEngine(vaultFolder: string): Promise<Result<void>> {
  return removeFile(join(projectState(vaultFolder), name));
}
