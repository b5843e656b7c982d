import { join } from "node:path";
import { list, makeFolder, removeFile, stat, writeNew, readText } from "../host/files.js";
import { processIdentity } from "../host/process-identity.js";
import { ok, type Result } from "../failure/result.js";
import { projectState } from "../host/project-state.js";

/** The folder of session files: one per process with an open shell. A file counts only while its process lives. */
function folder(vaultFolder: string): string {
  return join(projectState(vaultFolder), "sessions");
}

/** Another process with an open shell in the project. */
export interface OtherSession {
  readonly pid: number;
  /** Parts of the vault that it requested by name. */
  readonly parts: readonly string[];
  /** True if it has opened the vault and has no shell yet. The vault must not be locked under it, and it saves nothing. */
  readonly starting: boolean;
}

/** Registers this process and the parts it requested by name; returns a function that unregisters it. */
export async function joinSession(
  vaultFolder: string,
  parts: readonly string[],
  how?: "arriving",
): Promise<Result<() => Promise<void>>> {
  const made = await makeFolder(folder(vaultFolder));
  if (!made.ok) return made;
  const path = join(folder(vaultFolder), String(process.pid));
  // a file with this pid is from an earlier process
  const cleared = await removeFile(path);
  if (!cleared.ok) return cleared;
  const identity = (await processIdentity(process.pid)) ?? "";
  const written = await writeNew(path, `${[identity, parts.join(" "), how ?? ""].join("\n")}\n`);
  return written.ok ? ok(async () => void (await removeFile(path))) : written;
}

/** Returns the other processes with an open shell. Removes the files of crashed ones, unless `onlyRead`. */
export async function otherSessions(
  vaultFolder: string,
  onlyRead = false,
): Promise<Result<readonly OtherSession[]>> {
  const names = await list(folder(vaultFolder));
  if (!names.ok) return names;
  const alive: OtherSession[] = [];
  for (const name of names.value) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const path = join(folder(vaultFolder), name);
    const text = await readText(path);
    if (!text.ok) return text;
    if (text.value === undefined) continue;
    const [identity = "", parts = "", how] = text.value.split("\n");
    if ((await processIdentity(Number(name))) !== identity) {
      if (!onlyRead) await removeFile(path);
    } else
      alive.push({
        pid: Number(name),
        parts: parts.split(" ").filter((part) => part !== ""),
        starting: how === "arriving",
      });
  }
  return ok(alive);
}

/** Tells whether another process has a shell open; false if that cannot be determined. */
export async function isInUse(vaultFolder: string, onlyRead = false): Promise<boolean> {
  const others = await otherSessions(vaultFolder, onlyRead);
  return others.ok && others.value.some(({ starting }) => !starting);
}

/** Returns a time that changes whenever a session is joined or left. */
export async function sessionsTimestamp(vaultFolder: string): Promise<Result<number>> {
  const found = await stat(folder(vaultFolder));
  return found.ok ? ok(found.value?.modified.getTime() ?? 0) : found;
}
