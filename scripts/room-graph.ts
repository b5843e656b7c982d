import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { folderOf, type Room, rooms } from "./rooms.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const importPattern = /(?:\bfrom|\bimport)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;

/** Returns the names of the rooms that each room imports, types included, in the order of the list. */
function importsByRoom(): ReadonlyMap<string, readonly string[]> {
  return new Map(rooms.map((room) => [room.name, importsOf(room)]));
}

function importsOf(room: Room): readonly string[] {
  const folder = folderOf(room);
  const imported = new Set<string>();
  for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const file = join(folder, name);
    for (const [, path = ""] of readFileSync(join(root, file), "utf8").matchAll(importPattern))
      imported.add(join(dirname(file), path));
  }
  const paths = [...imported];
  return rooms
    .filter((other) => other !== room && paths.some((path) => path.startsWith(`${folderOf(other)}/`)))
    .map(({ name }) => name);
}

/** Returns the rooms as a Mermaid graph. An import that other arrows lead to as well has no arrow of its own. */
function picture(): string {
  const imports = importsByRoom();
  const reaches = (from: string, to: string): boolean =>
    from === to || (imports.get(from) ?? []).some((next) => reaches(next, to));
  const arrows = [...imports].flatMap(([from, all]) =>
    all
      .filter((to) => !all.some((other) => other !== to && reaches(other, to)))
      .map((to) => `  ${from} --> ${to}`),
  );
  return ["```mermaid", "graph TD", ...arrows, "```"].join("\n");
}

/** Returns the list of rooms as a Markdown table, laid out as oxfmt does. */
function table(): string {
  const rows = [["room", "what is in it"], ...rooms.map((room) => [`\`${folderOf(room)}\``, room.about])];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join("\n");
}

/** Returns docs/architecture.md with its picture and its table of the rooms as the code has them. */
export function withRooms(text: string): string {
  return withBlock(withBlock(text, "picture", picture()), "rooms", table());
}

function withBlock(text: string, name: string, content: string): string {
  const block = new RegExp(`(<!-- ${name}: [^>]*-->\n\n)[^]*?(\n\n<!-- /${name} -->)`);
  if (!block.test(text)) throw new Error(`docs/architecture.md has no block for the ${name}`);
  return text.replace(block, (_, before: string, after: string) => before + content + after);
}
