import { join } from "node:path";
import { list, makeFolder, removeFile, stat, writeNew, readText } from "../host/files.js";
import { processIdentity } from "../host/process-identity.js";
import { ok, type Result } from "../failure/result.js";
import { projectState } from "../host/project-state.js";

/** Where each tazpod that has a shell open in the project says so: one file a process, believed only while that process lives. */
function folder(vaultFolder: string): string {
  return join(projectState(vaultFolder), "sessions");
}

/** Another process that has a shell open here. */
export interface OtherSession {
  readonly pid: number;
  /** The parts of the vault that it asked for by name. */
  readonly parts: readonly string[];
  /** It has opened the vault, and its shell is yet to come, or nothing is: it is not to be locked under it, and saves nothing. */
  readonly starting: boolean;
}

/** Registers this process, and the parts that it asked for by name; the result takes it back. */
export async function joinSession(
  vaultFolder: string,
  parts: readonly string[],
  how?: "arriving",
): Promise<Result<() => Promise<void>>> {
  const made = await makeFolder(folder(vaultFolder));
  if (!made.ok) return made;
  const path = join(folder(vaultFolder), String(process.pid));
  // one by this number that is there is of a process that had it before
  const cleared = await removeFile(path);
  if (!cleared.ok) return cleared;
  const identity = (await processIdentity(process.pid)) ?? "";
  const written = await writeNew(path, `${[identity, parts.join(" "), how ?? ""].join("\n")}\n`);
  return written.ok ? ok(async () => void (await removeFile(path))) : written;
}

/** The other processes that have a shell open here. What crashed ones left is removed on the way, unless only read. */
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
    const said = await readText(path);
    if (!said.ok) return said;
    if (said.value === undefined) continue;
    const [identity = "", parts = "", how] = said.value.split("\n");
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

/** Whether somebody else has a shell open here; where that cannot be told, nobody has. */
export async function isInUse(vaultFolder: string, onlyRead = false): Promise<boolean> {
  const others = await otherSessions(vaultFolder, onlyRead);
  return others.ok && others.value.some(({ starting }) => !starting);
}

/** Changes whenever a session is joined or left: who finds the same later knows that nobody was here in between. */
export async function sessionsTimestamp(vaultFolder: string): Promise<Result<number>> {
  const found = await stat(folder(vaultFolder));
  return found.ok ? ok(found.value?.modified.getTime() ?? 0) : found;
}
