import * as fs from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { ok, type Result } from "../failure/result.js";
import { Secret } from "./secret.js";
import { attempt } from "./file-failure.js";

/** How long either side waits for the other, in ms. */
const timeoutMs = 2_000;
const nonce = /^prove ([0-9a-f-]{36})\n$/;

/**
 * Serves a secret to processes of this user on the socket `path`, mode 0600, in a private folder. Node cannot tell
 * which user connects, so the client proves it: it creates a file with an unguessable name in that folder, and the
 * file's owner is checked. `give` is called for each request; undefined sends nothing. Returns a function that stops
 * serving.
 */
export async function serveSecret(
  path: string,
  give: () => Promise<Secret | undefined>,
): Promise<Result<() => void>> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    void answer(socket, dirname(path), give).catch(() => socket.destroy());
  });
  await fs.rm(path, { force: true });
  const listening = await attempt(
    "listen on",
    path,
    () => new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve)),
  );
  if (!listening.ok) return listening;
  server.unref();
  const closed = await attempt("protect", path, () => fs.chmod(path, 0o600));
  const end = (): void => void server.close();
  return closed.ok ? ok(end) : (end(), closed);
}

async function answer(
  socket: Socket,
  folder: string,
  give: () => Promise<Secret | undefined>,
): Promise<void> {
  const name = crypto.randomUUID();
  socket.write(`prove ${name}\n`);
  const reply = await read(socket, (text) => text.endsWith("\n"));
  const proof = join(folder, name);
  const made = await fs.lstat(proof).catch(() => undefined);
  await fs.rm(proof, { force: true });
  const isOurs = made?.isFile() === true && made.uid === process.getuid?.();
  const secret = reply.toString() === "done\n" && isOurs ? await give() : undefined;
  // a copy: the secret may be wiped before the socket has written it
  const bytes = secret?.use((held) => Buffer.from(held)) ?? Buffer.alloc(0);
  socket.end(bytes, () => bytes.fill(0));
}

/**
 * Requests the secret from such a socket; undefined if no process of this user answers within two seconds, or it has
 * none.
 */
export async function requestSecret(path: string): Promise<Secret | undefined> {
  const found = await fs.lstat(path).catch(() => undefined);
  if (!found?.isSocket() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) return undefined;
  const socket = createConnection(path);
  let proof: string | undefined;
  try {
    const asked = nonce.exec((await read(socket, (text) => text.endsWith("\n"))).toString())?.[1];
    if (asked === undefined) return undefined;
    const made = join(dirname(path), asked);
    await fs.writeFile(made, "", { flag: "wx", mode: 0o600 });
    proof = made;
    socket.write("done\n");
    const bytes = await read(socket, () => false);
    return bytes.length === 0 ? undefined : Secret.of(bytes);
  } catch {
    return undefined;
  } finally {
    socket.destroy();
    if (proof !== undefined) await fs.rm(proof, { force: true });
  }
}

/** Reads until `complete`, or to the end. Throws on a timeout or a broken connection. */
function read(socket: Socket, complete: (text: string) => boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const stop = (): void => {
      clearTimeout(timer);
      for (const [name, listener] of listeners) socket.off(name, listener);
    };
    const done = (): void => {
      stop();
      const all = Buffer.concat(chunks);
      for (const chunk of chunks) chunk.fill(0);
      resolve(all);
    };
    const broken = (): void => {
      stop();
      reject(new Error("no answer"));
    };
    const listeners = [
      [
        "data",
        (chunk: Buffer): void => {
          chunks.push(chunk);
          if (complete(chunk.toString())) done();
        },
      ],
      ["end", done],
      ["error", broken],
    ] as const;
    for (const [name, listener] of listeners) socket.on(name, listener);
    const timer = setTimeout(broken, timeoutMs);
  });
}
