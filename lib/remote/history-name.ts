import { createHash, randomBytes } from "node:crypto";
import type { HistoryCopy, RemoteObject } from "./remote-types.js";

/**
 * `vault-<UTC yyyymmddThhmmss>-<generation, 6 digits or more>-<8 hex: write><4 hex: copy>.tar.aes`; the Go tazpod's
 * names end after the time. The time is when the remote stored that version, by the remote's clock, so that hosts'
 * clocks do not matter and any host can tell whether an object was kept. The last part is random, so no copy overwrites
 * another.
 */
const shape =
  /^vault-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?:-(\d{6,15})-([0-9a-f]{8})[0-9a-f]{4})?\.tar\.aes$/;

/** Returns the prefix of the names of all copies of an object. */
export function historyStem(object: RemoteObject): string {
  const { modified, generation = 0 } = object;
  const stamp = modified.toISOString().replace(/[-:]|\.\d+Z$/g, "");
  return `vault-${stamp}-${String(generation).padStart(6, "0")}-${historyMark(object)}`;
}

/** Returns the part of the name that identifies the write. */
export function historyMark({ writeId, etag }: Pick<RemoteObject, "writeId" | "etag">): string {
  return createHash("sha256")
    .update(writeId ?? etag)
    .digest("hex")
    .slice(0, 8);
}

/** Returns a new, unique name for a copy of an object. */
export function newHistoryName(object: RemoteObject): string {
  return `${historyStem(object)}${randomBytes(2).toString("hex")}.tar.aes`;
}

/** Parses a copy's name; undefined for names of other programs. */
export function parseHistoryName(name: string, bytes: number): HistoryCopy | undefined {
  const match = shape.exec(name);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, digits, mark] = match;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(at.getTime()) || at.getUTCDate() !== Number(day)) return undefined;
  const generation = Number(digits ?? 0);
  return {
    name,
    at,
    bytes,
    ...(generation === 0 ? {} : { generation }),
    mark,
  };
}

/** Sorts by time, and within a second by generation. */
export function newestFirst(copies: readonly HistoryCopy[]): HistoryCopy[] {
  return copies.toSorted(
    (a, b) =>
      b.at.getTime() - a.at.getTime() ||
      (b.generation ?? 0) - (a.generation ?? 0) ||
      (a.name < b.name ? 1 : -1),
  );
}
