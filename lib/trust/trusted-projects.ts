import { join } from "node:path";
import { makeFolder, readText, writeAtomic } from "../host/files.js";
import { isRecord, parseJson } from "../host/json.js";
import { now } from "../host/clock.js";
import { stateFolder } from "../host/paths.js";
import { ok, type Result } from "../failure/result.js";
import type { TrustedItem } from "./trusted-content.js";

/** The content that was trusted in one folder on this host. */
export interface TrustedProject {
  /** The project's folder. The same content in another folder needs to be trusted again. */
  readonly root: string;
  /** ISO 8601. */
  readonly time: string;
  readonly things: readonly TrustedItem[];
}

function file(): string {
  return join(stateFolder(), "trust.json");
}

/** Returns the trusted projects, oldest first; none if the file is invalid. Failure: `file`. */
export async function readTrustedProjects(): Promise<Result<readonly TrustedProject[]>> {
  const text = await readText(file());
  if (!text.ok) return text;
  const read = parseJson(text.value ?? "{}");
  const found = isRecord(read) ? read["trusted"] : [];
  return ok(Array.isArray(found) ? found.filter(isTrusted) : []);
}

/** Records a project as trusted, replacing an earlier record of its folder. */
export async function writeTrusted(root: string, things: readonly TrustedItem[]): Promise<Result<void>> {
  return change(root, { root, time: now().toISOString(), things });
}

/** Removes the trust in a project. */
export async function removeTrusted(root: string): Promise<Result<void>> {
  return change(root, undefined);
}

/** Replaces a project's record, one change at a time on this machine. */
async function change(root: string, record: TrustedProject | undefined): Promise<Result<void>> {
  const { withNamedLock } = await import("../host/named-lock.js");
  return withNamedLock(file(), async () => {
    const known = await readTrustedProjects();
    if (!known.ok) return known;
    const others = known.value.filter((one) => one.root !== root);
    if (record === undefined && others.length === known.value.length) return ok(undefined);
    const made = await makeFolder(stateFolder());
    const trusted = record === undefined ? others : [...others, record];
    return made.ok ? writeAtomic(file(), `${JSON.stringify({ version: 1, trusted }, null, 1)}\n`) : made;
  });
}

function isTrusted(value: unknown): value is TrustedProject {
  if (typeof value !== "object" || value === null) return false;
  const { root, time, things } = value as Partial<TrustedProject>;
  return (
    typeof root === "string" &&
    typeof time === "string" &&
    Array.isArray(things) &&
    things.every(isTrustedItem)
  );
}

function isTrustedItem(value: unknown): value is TrustedItem {
  if (typeof value !== "object" || value === null) return false;
  const { kind, name, value: text } = value as Partial<TrustedItem>;
  if (typeof name !== "string" || typeof text !== "string") return false;
  return kind === "file" || (kind === "setting" && parseJson(text) !== undefined);
}

/** Tells whether two contents are equal. */
export function sameItems(one: readonly TrustedItem[], other: readonly TrustedItem[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ kind, name, value }, index) => {
      const match = other[index];
      return match?.kind === kind && match.name === name && match.value === value;
    })
  );
}
