import { readFileSync } from "node:fs";

/** The folders of the source code, from top to bottom: a room imports only rooms below it. */
export interface Room {
  readonly name: string;
  /** What is in it, in one sentence. */
  readonly about: string;
  /** It neither waits nor does anything: it takes data and returns data. */
  readonly pure?: boolean;
}

export const rooms = JSON.parse(
  readFileSync(new URL("../../scripts/rooms.json", import.meta.url), "utf8"),
) as readonly Room[];

/** Returns a room's folder; only the steps are outside lib/. */
export function folderOf({ name }: Room): string {
  return name === "tasks" ? "tasks" : `lib/${name}`;
}

/** Returns the rooms that a room may not import, in their order. */
export function above(room: Room): readonly Room[] {
  return rooms.slice(0, rooms.indexOf(room));
}
