import * as fs from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream";
import { constants } from "./node-fs.js";
import { ok, type Result } from "../failure/result.js";
import { attempt } from "./file-failure.js";
import { processIdentity } from "./process-identity.js";

/** Tells whether a path is a socket. */
export async function isSocket(path: string): Promise<boolean> {
  const found = await fs.stat(path).catch(() => undefined);
  return found?.isSocket() === true;
}

/** Creates a folder that other users may enter but not list, inside a private one. */
export async function makeRelayFolder(path: string): Promise<Result<void>> {
  return attempt("create the folder", path, async () => {
    await fs.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await fs.mkdir(path, { recursive: true });
    await fs.chmod(path, 0o711);
  });
}

/** A relay that is running. */
export interface Relay {
  /** The socket's name in the folder. */
  readonly name: string;
  end(): Promise<void>;
}

/**
 * Relays connections on a new socket in `folder` to the socket `target`, until it is ended. Any user who can reach the
 * folder and knows the name may connect, since a container's users can have any user id here. So the name is random,
 * and it differs from the one that the kernel lists: the socket is renamed after it was bound, and opened to others
 * only then.
 */
export async function relaySocket(folder: string, target: string): Promise<Result<Relay>> {
  await removeLeftovers(folder);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = createConnection({ path: target, allowHalfOpen: true });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      pipeline(socket, other, (error) => error && (near.destroy(), far.destroy()));
    }
  });
  server.on("error", () => undefined);
  const name = `${process.pid}-${crypto.randomUUID()}`;
  const path = join(folder, name);
  const bound = await attempt("listen in", folder, async () => {
    const handle = await fs.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      // a socket's path may have at most 107 bytes, and the folder's may be longer
      const short = `/proc/self/fd/${handle.fd}`;
      const first = crypto.randomUUID();
      await new Promise<void>((resolve, reject) =>
        server.once("error", reject).listen(`${short}/${first}`, resolve),
      );
      await fs.rename(`${short}/${first}`, path);
      await fs.chmod(path, 0o666);
    } finally {
      await handle.close();
    }
  });
  server.unref();
  const end = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await fs.rm(path, { force: true }).catch(() => undefined);
  };
  if (bound.ok) return ok({ name, end });
  await end();
  return bound;
}

/** Removes sockets of processes that were killed. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await fs.readdir(folder).catch(() => [])) {
    const pid = /^(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && (await processIdentity(Number(pid))) === undefined)
      await fs.rm(join(folder, name), { force: true }).catch(() => undefined);
  }
}
