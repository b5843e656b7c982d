import { scrypt as inThisProcess } from "node:crypto";
import { promisify } from "node:util";
import { readText } from "./files.js";
import { evaluateCommand } from "./installation.js";
import { capture } from "./process.js";

export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

const derive = promisify<Buffer, Buffer, number, ScryptCost & { maxmem: number }, Buffer>(inThisProcess);

/** Memory, in bytes, from which starting a process pays off. */
const largeBytes = 64 * 2 ** 20;

/**
 * Computes scrypt (RFC 7914) off the main thread. It reads memory randomly, which is faster with huge pages: 0.7 s
 * instead of 1.9 s for 256 MiB. Many Linux systems give huge pages only on request (madvise); glibc requests them if
 * told so at the start of a process. So a separate Node process computes it, and gets the password through a pipe. If
 * that is not possible, this process does.
 */
export async function scrypt(
  password: Buffer,
  salt: Buffer,
  bytes: number,
  cost: ScryptCost,
): Promise<Buffer> {
  const isLarge = 128 * cost.N * cost.r >= largeBytes;
  const made =
    isLarge && (await needsRequest()) ? await scryptInProcess(password, salt, bytes, cost) : undefined;
  return made ?? derive(password, salt, bytes, { ...cost, maxmem: memory(cost) });
}

/** The memory that Node counts, and a little more. */
const memory = ({ N, r, p }: ScryptCost): number => 128 * r * (N + p + 64);

const request = "glibc.malloc.hugetlb=1";

/** Tells whether huge pages are there on request only, and this process was not started with one. */
async function needsRequest(): Promise<boolean> {
  if (process.env["GLIBC_TUNABLES"]?.includes(request) === true) return false;
  const found = await readText("/sys/kernel/mm/transparent_hugepage/enabled");
  return found.ok && (found.value ?? "").includes("[madvise]");
}

const program = `const [{ readFileSync, writeSync }, { scrypt }] = ["fs", "crypto"].map(process.getBuiltinModule);
const [N, r, p, maxmem, bytes, at] = process.argv.slice(1).map(Number), given = readFileSync(0);
scrypt(given.subarray(at), given.subarray(0, at), bytes, { N, r, p, maxmem }, (error, key) => {
  if (error) process.exit(1);
  writeSync(1, key);
});`;

async function scryptInProcess(
  password: Buffer,
  salt: Buffer,
  bytes: number,
  cost: ScryptCost,
): Promise<Buffer | undefined> {
  const input = Buffer.concat([salt, password]);
  const numbers = [cost.N, cost.r, cost.p, memory(cost), bytes, salt.length].map(String);
  const others = process.env["GLIBC_TUNABLES"];
  const done = await capture([...evaluateCommand(program), ...numbers], {
    env: {
      GLIBC_TUNABLES: `${others === undefined ? "" : `${others}:`}${request}`,
      // Node reads all of these certificates at its start, and this one connects to nothing
      NODE_EXTRA_CA_CERTS: "",
    },
    input,
    // zx follows every promise from its first call on, which would slow the opening and sealing after this one
    isQuestion: true,
  });
  input.fill(0);
  return done.ok && done.value.code === 0 && done.value.stdout.length === bytes
    ? done.value.stdout
    : undefined;
}
