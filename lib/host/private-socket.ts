import * as fs from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { ok, type Result } from "../failure/result.js";
import { attempt } from "./file-failure.js";

/** How long either side waits for the other, in ms. */
const timeoutMs = 2_000;
/** The size of a question, in bytes. */
const questionLimit = 64 * 1024;
const nonce = /^prove ([0-9a-f-]{36})\n$/;

/**
 * Answers questions of this user's processes on the socket `path`, mode 0600, in a private folder. Node cannot tell
 * which user connects, so the client proves it: it creates a file with an unguessable name in that folder, and the
 * file's owner is checked. `answer` is called for each question, a line without its end; the bytes that it returns are wiped
 * after they were sent. Returns a function that stops answering.
 */
export async function answerOnSocket(
  path: string,
  answer: (question: string) => Promise<Buffer>,
): Promise<Result<() => void>> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    void reply(socket, dirname(path), answer).catch(() => socket.destroy());
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

async function reply(
  socket: Socket,
  folder: string,
  answer: (question: string) => Promise<Buffer>,
): Promise<void> {
  const name = crypto.randomUUID();
  socket.write(`prove ${name}\n`);
  const asked = await read(socket, isLine, timeoutMs);
  const proof = join(folder, name);
  const made = await fs.lstat(proof).catch(() => undefined);
  await fs.rm(proof, { force: true });
  const isOurs = made?.isFile() === true && made.uid === process.getuid?.();
  const bytes = isLine(asked) && isOurs ? await answer(asked.toString().slice(0, -1)) : Buffer.alloc(0);
  socket.end(bytes, () => bytes.fill(0));
}

/**
 * Asks a question, a text without line ends, on such a socket; undefined if no process of this user answers within two
 * seconds, or `limitMs`, or the answer is empty.
 */
export async function askOnSocket(
  path: string,
  question: string,
  limitMs = timeoutMs,
): Promise<Buffer | undefined> {
  const found = await fs.lstat(path).catch(() => undefined);
  if (!found?.isSocket() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) return undefined;
  const socket = createConnection(path);
  let proof: string | undefined;
  try {
    const asked = nonce.exec((await read(socket, isLine, timeoutMs)).toString())?.[1];
    if (asked === undefined) return undefined;
    const made = join(dirname(path), asked);
    await fs.writeFile(made, "", { flag: "wx", mode: 0o600 });
    proof = made;
    socket.write(`${question}\n`);
    const bytes = await read(socket, () => false, limitMs);
    return bytes.length === 0 ? undefined : bytes;
  } catch {
    return undefined;
  } finally {
    socket.destroy();
    if (proof !== undefined) await fs.rm(proof, { force: true });
  }
}

/** A question is one line; a longer text than the limit gets no answer. */
function isLine(read: Buffer): boolean {
  return read.at(-1) === 0x0a && read.length <= questionLimit;
}

/** Reads until `complete`, or to the end. Throws on a timeout or a broken connection. */
function read(socket: Socket, complete: (all: Buffer) => boolean, limitMs: number): Promise<Buffer> {
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
          if (complete(chunk)) done();
        },
      ],
      ["end", done],
      ["error", broken],
    ] as const;
    for (const [name, listener] of listeners) socket.on(name, listener);
    const timer = setTimeout(broken, limitMs);
  });
}
