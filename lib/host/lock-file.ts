import * as fs from "node:fs/promises";
import { hostname } from "node:os";
import { attempt } from "./file-failure.js";
import { now, sleep, steadyTime } from "./clock.js";
import { readText, stat, writeNew } from "./files.js";
import { processIdentity } from "./process-identity.js";
import { ok, type Result } from "../failure/result.js";

/** The process that holds a lock. */
export interface LockHolder {
  readonly host: string;
  readonly pid: number;
  /** ISO 8601, by the clock of that host. */
  readonly since: string;
}

/** A lock that this process holds. */
export interface Lock {
  /** Tells whether the lock file is still ours. */
  holds(): Promise<boolean>;
  release(): Promise<void>;
}

interface Note extends LockHolder {
  readonly identity: string;
  readonly nonce: string;
  /** Tells machines with the same host name apart; empty in locks of older versions, and where there is no id. */
  readonly machine: string;
}

/** A lock is created with its content; after this time, in ms, an empty one was left by a crash. */
const emptyMs = 10_000;

/**
 * Takes a lock by creating the file `path`; this also works between hosts that share the folder. A lock that a dead
 * process of this host left, also before a reboot, is taken over; one of another host is always respected. If the lock
 * is not free within `wait` ms, returns its holder. Failure: `file`.
 */
export async function takeLock(
  path: string,
  wait: number,
  signal?: AbortSignal,
): Promise<Result<Lock | LockHolder>> {
  const identity = (await processIdentity(process.pid)) ?? "";
  const [nonce, machine] = [crypto.randomUUID(), await machineId()];
  const end = steadyTime() + wait;
  for (;;) {
    const since = now().toISOString();
    const note: Note = { host: hostname(), pid: process.pid, since, identity, nonce, machine };
    const made = await writeNew(path, `${JSON.stringify(note)}\n`);
    if (made.ok) return ok(lockOf(path, nonce));
    if (made.failure.kind !== "file" || made.failure.code !== "EEXIST") return made;
    const holder = await readNote(path);
    if (!holder.ok) return holder;
    if (holder.value === undefined ? await isAbandoned(path) : await isDead(holder.value)) {
      await removeDeadLock(path, holder.value);
      continue;
    }
    if (steadyTime() >= end || signal?.aborted === true)
      return ok(holder.value ?? { host: "another host", pid: 0, since: now().toISOString() });
    await sleep(20 + Math.random() * 60, signal);
  }
}

export function isLock(taken: Lock | LockHolder): taken is Lock {
  return "release" in taken;
}

function lockOf(path: string, nonce: string): Lock {
  const holds = async (): Promise<boolean> => {
    const note = await readNote(path);
    return note.ok && note.value?.nonce === nonce;
  };
  return {
    holds,
    release: async () => {
      if (await holds()) await fs.rm(path, { force: true }).catch(() => undefined);
    },
  };
}

async function readNote(path: string): Promise<Result<Note | undefined>> {
  const text = await readText(path);
  if (!text.ok) return text;
  try {
    const read = JSON.parse(text.value ?? "") as Partial<Note>;
    const { host = "", pid = 0, since = "", identity = "", nonce = "", machine = "" } = read;
    return ok({ host, pid, since, identity, nonce, machine });
  } catch {
    return ok(undefined);
  }
}

/**
 * Tells whether the holder is a dead process of this host, of this boot or an earlier one; of other hosts nothing is
 * known.
 */
async function isDead({ host, pid, identity, machine }: Note): Promise<boolean> {
  if (host !== hostname() || identity === "") return false;
  if (machine !== "" && machine !== (await machineId())) return false;
  if ((await processIdentity(process.pid)) === undefined) return false;
  return (await processIdentity(pid)) !== identity;
}

/** Tells whether a lock without valid content is older than its creation can take. */
async function isAbandoned(path: string): Promise<boolean> {
  const found = await stat(path);
  return found.ok && found.value !== undefined && now().getTime() - found.value.modified.getTime() > emptyMs;
}

/** Returns the beginning of this machine's id, which is not to be published whole; empty where there is none. */
async function machineId(): Promise<string> {
  const text = await readText("/etc/machine-id");
  return text.ok ? (text.value ?? "").slice(0, 8).trim() : "";
}

/**
 * Removes a dead lock, if it is still the same one. Processes that find it at the same time do that one after the other:
 * otherwise one could remove the lock that another has just taken.
 */
export async function removeDeadLock(path: string, dead: Pick<Note, "nonce"> | undefined): Promise<void> {
  const guard = `${path}.removing`;
  const guarded = await attempt("create", guard, () => fs.writeFile(guard, "", { flag: "wx", mode: 0o600 }));
  if (!guarded.ok) {
    if (await isAbandoned(guard)) await fs.rm(guard, { force: true });
    await sleep(20);
    return;
  }
  try {
    const found = await readNote(path);
    if (found.ok && found.value?.nonce === dead?.nonce && (dead !== undefined || (await isAbandoned(path))))
      await fs.rm(path, { force: true });
  } finally {
    await fs.rm(guard, { force: true });
  }
}
