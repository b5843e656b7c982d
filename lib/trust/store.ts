import { join } from "node:path";
import { makeFolder, readText, writeAtomic } from "../host/files.js";
import { now } from "../host/clock.js";
import { stateFolder } from "../host/state-folder.js";
import { ok, type Result } from "../result.js";
import type { Thing } from "./things.js";

/** What somebody on this host has said yes to. */
export interface Trusted {
  /** The project's folder it was said in; what has the same content elsewhere is trusted, too. */
  readonly root: string;
  /** ISO 8601. */
  readonly time: string;
  readonly things: readonly Thing[];
}

function file(): string {
  return join(stateFolder(), "trust.json");
}

/** Oldest first. A file that cannot be read as one says nothing. Failure: `file`. */
export async function readTrusted(): Promise<Result<readonly Trusted[]>> {
  const text = await readText(file());
  if (!text.ok) return text;
  try {
    const read: unknown = JSON.parse(text.value ?? "{}");
    const found: unknown = typeof read === "object" && read !== null && "trusted" in read ? read.trusted : [];
    return ok(Array.isArray(found) ? found.filter(isTrusted) : []);
  } catch {
    return ok([]);
  }
}

/** Notes a yes, in the place of an earlier one for the same folder. */
export async function writeTrusted(root: string, things: readonly Thing[]): Promise<Result<void>> {
  const known = await readTrusted();
  if (!known.ok) return known;
  const entry = { root, time: now().toISOString(), things };
  return write([...known.value.filter((one) => one.root !== root), entry]);
}

/** Takes back every yes for this folder and for what says the same. */
export async function removeTrusted(root: string, things: readonly Thing[]): Promise<Result<void>> {
  const known = await readTrusted();
  if (!known.ok) return known;
  const left = known.value.filter((one) => one.root !== root && !isSame(one.things, things));
  return left.length === known.value.length ? ok(undefined) : write(left);
}

async function write(trusted: readonly Trusted[]): Promise<Result<void>> {
  const made = await makeFolder(stateFolder());
  return made.ok ? writeAtomic(file(), `${JSON.stringify({ version: 1, trusted }, null, 1)}\n`) : made;
}

function isTrusted(value: unknown): value is Trusted {
  if (typeof value !== "object" || value === null) return false;
  const { root, things } = value as Partial<Trusted>;
  return typeof root === "string" && Array.isArray(things) && things.every(isThing);
}

function isThing(value: unknown): value is Thing {
  if (typeof value !== "object" || value === null) return false;
  const { kind, name, value: text } = value as Partial<Thing>;
  return (kind === "setting" || kind === "file") && typeof name === "string" && typeof text === "string";
}

export function isSame(one: readonly Thing[], other: readonly Thing[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ kind, name, value }, index) => {
      const there = other[index];
      return there?.kind === kind && there.name === name && there.value === value;
    })
  );
}
