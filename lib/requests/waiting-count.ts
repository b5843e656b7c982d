import { join } from "node:path";
import type { Result } from "../failure/result.js";
import { list, makeFolder, readText, removeFile, writeAtomic } from "../host/files.js";
import { processIdentity } from "../host/process-identity.js";
import { projectState } from "../host/project-state.js";

/** The folder of files with a count each: one per process with a session that has requests. */
function folder(vaultFolder: string): string {
  return join(projectState(vaultFolder), "waiting");
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Notes how many requests wait for an answer in the session of this process, for `tazpod status`. With 0, as at the
 * session's end, nothing is left. Also removes what crashed sessions left. The last call decides, even if none is awaited.
 * Failure: `file`.
 */
export function noteWaiting(vaultFolder: string, count: number): Promise<Result<void>> {
  const noted = last.then(() => writeCount(vaultFolder, count));
  last = noted;
  return noted;
}

async function writeCount(vaultFolder: string, count: number): Promise<Result<void>> {
  const path = join(folder(vaultFolder), String(process.pid));
  if (count === 0) return removeFile(path);
  const made = await makeFolder(folder(vaultFolder));
  if (!made.ok) return made;
  for (const [left, found] of await counts(vaultFolder)) if (found === undefined) await removeFile(left);
  const identity = (await processIdentity(process.pid)) ?? "";
  return writeAtomic(path, `${identity}\n${count}\n`);
}

/**
 * Returns how many requests wait for an answer in the sessions of a project, from files alone. Those of processes that
 * have ended do not count, and neither does one that cannot be read. Writes and removes nothing.
 */
export async function waitingCount(vaultFolder: string): Promise<number> {
  return (await counts(vaultFolder)).reduce((sum, [, count]) => sum + (count ?? 0), 0);
}

/** The files with their counts; undefined for a process that has ended. */
async function counts(vaultFolder: string): Promise<readonly (readonly [string, number | undefined])[]> {
  const names = await list(folder(vaultFolder));
  const pids = names.ok ? names.value.filter((name) => /^\d+$/.test(name)) : [];
  return Promise.all(
    pids.map(async (pid) => {
      const path = join(folder(vaultFolder), pid);
      const text = await readText(path);
      const [identity, count] = text.ok ? (text.value ?? "").split("\n") : [];
      const isAlive = (await processIdentity(Number(pid))) === identity;
      return [path, isAlive ? Number(count) || 0 : undefined] as const;
    }),
  );
}
