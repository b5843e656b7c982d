/**
 * `node --import …/die-at.js` with DIE_AT=N: the process dies by SIGKILL at the N-th point, and names that point on stderr.
 * There is a point before each call that changes a file or a folder or flushes it to the disk, and another one in the
 * middle of each write. With DIE_IN=docker the points are before and after each start of a program; with DIE_IN=bytes and
 * DIE_IN=text they are at the writes of bytes or text to a program. If N is not reached, the process prints the number of
 * points. With DIE_LINKS=none the file system has no hard links.
 */
import childProcess from "node:child_process";
import { writeSync } from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import type { Writable } from "node:stream";

type Method = (...args: unknown[]) => unknown;

const fatal = Number(process.env["DIE_AT"] ?? "0");
const where = process.env["DIE_IN"] ?? "files";
let points = 0;

function isFatal(): boolean {
  return ++points === fatal;
}

function die(what: string): void {
  writeSync(2, `died: ${what}\n`);
  process.kill(process.pid, "SIGKILL");
}

function half(data: unknown): unknown {
  if (Array.isArray(data)) return [half(Buffer.concat(data as Buffer[]))];
  return typeof data === "string" || Buffer.isBuffer(data) ? data.slice(0, data.length >> 1) : data;
}

const always = (): boolean => true;

/** Adds points before a method and, if it writes its first argument, in the middle of it. */
function watch(
  owner: object,
  name: string,
  { writes = false, when = always as (args: readonly unknown[]) => boolean } = {},
): void {
  const methods = owner as Record<string, Method>;
  const original = methods[name];
  if (original === undefined) throw new Error(`there is no ${name} to watch`);
  methods[name] = function (this: unknown, ...args: unknown[]): unknown {
    if (!when(args)) return original.apply(this, args);
    if (isFatal()) die(`before ${name}`);
    if (!writes || !isFatal()) return original.apply(this, args);
    return Promise.resolve(original.call(this, half(args[0]))).then(() => die(`in the middle of ${name}`));
  };
}

if (where !== "files") {
  const { spawn } = childProcess;
  const spawning = (...args: Parameters<typeof spawn>): ReturnType<typeof spawn> => {
    if (where === "docker" && isFatal()) die(`before ${args[0]}`);
    const child = spawn(...args);
    if (where === "docker" && isFatal()) die(`once ${args[0]} is started`);
    if (child.stdin !== null && where !== "docker")
      watchSending(child.stdin, where === "text" ? "string" : "buffer");
    return child;
  };
  Object.assign(childProcess, { spawn: spawning });
} else {
  const handle = await fs.open("/dev/null");
  const prototype: unknown = Object.getPrototypeOf(handle);
  await handle.close();
  if (typeof prototype !== "object" || prototype === null) throw new Error("a file handle has no prototype");
  for (const name of ["appendFile", "writev"]) watch(prototype, name, { writes: true });
  for (const name of ["sync", "datasync", "chmod"]) watch(prototype, name);
  watch(fs, "open", { when: ([, flags]) => flags !== undefined && flags !== "r" });
  if (process.env["DIE_LINKS"] === "none") Object.assign(fs, { link: noLinks });
  for (const name of ["rename", "link", "unlink", "rm", "mkdir", "writeFile"]) watch(fs, name);
  const { copyFile, truncate } = fs;
  Object.assign(fs, {
    async copyFile(from: string, to: string, mode: number) {
      if (isFatal()) die("before copyFile");
      await copyFile(from, to, mode);
      if (!isFatal()) return;
      await truncate(to, 20);
      die("in the middle of copyFile");
    },
  });
}

async function noLinks(): Promise<never> {
  throw Object.assign(new Error("no links here"), { code: "EPERM" });
}

function watchSending(stdin: Writable, kind: "buffer" | "string"): void {
  const write = stdin.write.bind(stdin) as Method;
  const watched: Method = (...args) => {
    const [chunk] = args;
    if ((typeof chunk === "string" ? "string" : "buffer") !== kind) return write(...args);
    if (isFatal()) die("before a write to a program");
    if (!isFatal()) return write(...args);
    write(half(chunk));
    setTimeout(() => die("in the middle of a write to a program"), 50);
    return false;
  };
  Object.assign(stdin, { write: watched });
}

syncBuiltinESMExports();
process.on("exit", () => void writeSync(2, `points: ${points}\n`));
