import { join } from "node:path";
import { list, makeFolder, readText, removeFile, writeNew } from "../host/files.js";
import { processIdentity } from "../host/process-identity.js";
import { ok, type Result } from "../result.js";

/** Where each tazpod that has a shell open in the project says so: one file a process, believed only while that process lives. */
function folder(vaultFolder: string): string {
  return join(vaultFolder, "sessions");
}

/** Registers this process; the result takes it back. */
export async function joinSession(vaultFolder: string): Promise<Result<() => Promise<void>>> {
  const made = await makeFolder(folder(vaultFolder));
  if (!made.ok) return made;
  const path = join(folder(vaultFolder), String(process.pid));
  // one by this number that is there is of a process that had it before
  const cleared = await removeFile(path);
  if (!cleared.ok) return cleared;
  const written = await writeNew(path, `${(await processIdentity(process.pid)) ?? ""}\n`);
  return written.ok ? ok(async () => void (await removeFile(path))) : written;
}

/** The numbers of the other processes that have a shell open here. What crashed ones left is removed on the way. */
export async function otherSessions(vaultFolder: string): Promise<Result<readonly number[]>> {
  const names = await list(folder(vaultFolder));
  if (!names.ok) return names;
  const alive: number[] = [];
  for (const name of names.value) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const path = join(folder(vaultFolder), name);
    const said = await readText(path);
    if (!said.ok) return said;
    if (said.value === undefined) continue;
    if ((await processIdentity(Number(name))) === said.value.trim()) alive.push(Number(name));
    else await removeFile(path);
  }
  return ok(alive);
}
