import { createHash } from "node:crypto";
import { join } from "node:path";
import { ok, type Result } from "../failure/result.js";
import { list, removeEmptyFolder, removeFile } from "./files.js";
import { processIdentity } from "./process-identity.js";
import { runtimeFolder } from "./runtime-folder.js";

/** A socket of one of this user's processes. */
export interface ProcessSocket {
  readonly pid: number;
  readonly path: string;
}

/** Returns the folder with the sockets of a project's processes for a purpose, one per process, named by its id. */
function socketFolder(purpose: string, root: string): Promise<Result<string>> {
  return runtimeFolder(purpose, createHash("sha256").update(root).digest("hex").slice(0, 16));
}

/** Returns where this process has its socket, and a function that removes that. Failure: that of `runtimeFolder`. */
export async function ownSocket(
  purpose: string,
  root: string,
): Promise<Result<{ readonly path: string; readonly remove: () => Promise<void> }>> {
  const folder = await socketFolder(purpose, root);
  if (!folder.ok) return folder;
  const path = join(folder.value, `${process.pid}.sock`);
  return ok({
    path,
    remove: async () => {
      await removeFile(path);
      await removeEmptyFolder(folder.value);
    },
  });
}

/** Returns the sockets of processes that run, and removes those of others. Failures: that of `runtimeFolder`, `file`. */
export async function processSockets(
  purpose: string,
  root: string,
): Promise<Result<readonly ProcessSocket[]>> {
  const folder = await socketFolder(purpose, root);
  if (!folder.ok) return folder;
  const names = await list(folder.value);
  if (!names.ok) return names;
  const found: ProcessSocket[] = [];
  for (const name of names.value) {
    const pid = Number(/^(\d+)\.sock$/.exec(name)?.[1]);
    if (Number.isNaN(pid)) continue;
    const path = join(folder.value, name);
    if ((await processIdentity(pid)) === undefined) await removeFile(path);
    else found.push({ pid, path });
  }
  return ok(found);
}
