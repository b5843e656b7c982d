import { join } from "node:path";
import { stat } from "../host/files.js";
import { ownSocket, processSockets } from "../host/process-socket.js";
import { requestSecret, serveSecret } from "../host/secret-socket.js";
import type { Project } from "../project/project.js";
import { ok, type Result } from "../failure/result.js";
import type { Passphrase } from "../vault/read-passphrase.js";
import type { StepContext } from "./step.js";
import { projectState } from "../host/project-state.js";

/** The purpose of the sockets, see `ownSocket`. */
const purpose = "agent";

/**
 * Gives the passphrase to other tazpods of this user in this project while the vault is recorded as open. Returns a
 * function that stops this.
 */
export async function servePassphrase({
  project,
  session,
}: StepContext): Promise<Result<() => Promise<void>>> {
  const socket = await ownSocket(purpose, project.root);
  if (!socket.ok) return socket;
  const served = await serveSecret(socket.value.path, async () => {
    const noted = await stat(join(projectState(project.vaultFolder), "open.json"));
    return noted.ok && noted.value !== undefined ? session.passphrase.known : undefined;
  });
  if (!served.ok) return served;
  return ok(async () => {
    served.value();
    await socket.value.remove();
  });
}

/** Returns the passphrase of another session of this project, or undefined. The caller checks and wipes it. */
export async function askOtherSessions(project: Project): Promise<Passphrase | undefined> {
  const sockets = await processSockets(purpose, project.root);
  if (!sockets.ok) return undefined;
  for (const { pid, path } of sockets.value) {
    if (pid === process.pid) continue;
    const secret = await requestSecret(path);
    if (secret !== undefined) return { secret, source: "another shell", asked: true };
  }
  return undefined;
}
