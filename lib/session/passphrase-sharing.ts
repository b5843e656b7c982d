import { createHash } from "node:crypto";
import { join } from "node:path";
import { list, removeEmptyFolder, removeFile, stat } from "../host/files.js";
import { processIdentity } from "../host/process-identity.js";
import { runtimeFolder } from "../host/runtime-folder.js";
import { requestSecret, serveSecret } from "../host/secret-socket.js";
import type { Project } from "../project/project.js";
import { ok, type Result } from "../failure/result.js";
import type { Passphrase } from "../vault/read-passphrase.js";
import type { StepContext } from "./step.js";
import { projectState } from "../host/project-state.js";

/** Returns the folder with the sockets of this project's sessions, one per process, named by its id. */
function socketFolder({ root }: Project): Promise<Result<string>> {
  return runtimeFolder("agent", createHash("sha256").update(root).digest("hex").slice(0, 16));
}

/**
 * Gives the passphrase to other tazpods of this user in this project while the vault is recorded as open. Returns a
 * function that stops this.
 */
export async function servePassphrase({
  project,
  session,
}: StepContext): Promise<Result<() => Promise<void>>> {
  const found = await socketFolder(project);
  if (!found.ok) return found;
  const path = join(found.value, `${process.pid}.sock`);
  const served = await serveSecret(path, async () => {
    const noted = await stat(join(projectState(project.vaultFolder), "open.json"));
    return noted.ok && noted.value !== undefined ? session.passphrase.known : undefined;
  });
  if (!served.ok) return served;
  return ok(async () => {
    served.value();
    await removeFile(path);
    await removeEmptyFolder(found.value);
  });
}

/** Returns the passphrase of another session of this project, or undefined. The caller checks and wipes it. */
export async function askOtherSessions(project: Project): Promise<Passphrase | undefined> {
  const found = await socketFolder(project);
  const names = found.ok ? await list(found.value) : found;
  if (!found.ok || !names.ok) return undefined;
  for (const name of names.value) {
    const pid = /^(\d+)\.sock$/.exec(name)?.[1];
    if (pid === undefined || Number(pid) === process.pid) continue;
    const path = join(found.value, name);
    if ((await processIdentity(Number(pid))) === undefined) {
      await removeFile(path);
      continue;
    }
    const secret = await requestSecret(path);
    if (secret !== undefined) return { secret, source: "another shell", asked: true };
  }
  return undefined;
}
