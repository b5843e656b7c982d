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

/** From so many bytes of memory on it is worth starting a process. */
const largeBytes = 64 * 2 ** 20;

/**
 * scrypt (RFC 7914), off the event loop's thread. It reads its memory in no order, and of 256 MiB in pages of 4 KiB that
 * took 1.9 s where huge pages take 0.7 s. Many a Linux gives those only to whoever asks for them. glibc's allocator does,
 * if it is told so when a process starts: so that is done in a node of its own, which gets the password through a pipe.
 * Where that is not to be had, it is done here.
 */
export async function scrypt(
  password: Buffer,
  salt: Buffer,
  bytes: number,
  cost: ScryptCost,
): Promise<Buffer> {
  const isLarge = 128 * cost.N * cost.r >= largeBytes;
  const made = isLarge && (await wantsAsking()) ? await apart(password, salt, bytes, cost) : undefined;
  return made ?? derive(password, salt, bytes, { ...cost, maxmem: memory(cost) });
}

/** What node counts, and a little more. */
const memory = ({ N, r, p }: ScryptCost): number => 128 * r * (N + p + 64);

async function wantsAsking(): Promise<boolean> {
  const found = await readText("/sys/kernel/mm/transparent_hugepage/enabled");
  return found.ok && (found.value ?? "").includes("[madvise]");
}

const program = `const [{ readFileSync, writeSync }, { scrypt }] = ["fs", "crypto"].map(process.getBuiltinModule);
const [N, r, p, maxmem, bytes, at] = process.argv.slice(1).map(Number), given = readFileSync(0);
scrypt(given.subarray(at), given.subarray(0, at), bytes, { N, r, p, maxmem }, (error, key) => {
  if (error) process.exit(1);
  writeSync(1, key);
});`;

async function apart(
  password: Buffer,
  salt: Buffer,
  bytes: number,
  cost: ScryptCost,
): Promise<Buffer | undefined> {
  const input = Buffer.concat([salt, password]);
  const numbers = [cost.N, cost.r, cost.p, memory(cost), bytes, salt.length].map(String);
  const others = process.env["GLIBC_TUNABLES"];
  const done = await capture([...evaluateCommand(program), ...numbers], {
    env: { GLIBC_TUNABLES: `${others === undefined ? "" : `${others}:`}glibc.malloc.hugetlb=1` },
    input,
  });
  input.fill(0);
  return done.ok && done.value.code === 0 && done.value.stdout.length === bytes
    ? done.value.stdout
    : undefined;
}
