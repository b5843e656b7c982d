import { widthOf } from "./columns.js";

/**
 * Splits a text into pages that fit the screen, leaving a row for a question. Returns one page if the size is unknown.
 */
export function paginate(text: string, columns: number, rows: number): readonly string[] {
  const available = rows - 2;
  if (columns < 1 || available < 1) return [text];
  const pages: string[][] = [[]];
  let used = 0;
  for (const line of text.split("\n").flatMap((one) => splitLongLine(one, columns * available))) {
    const needed = rowsOf(line, columns);
    if (used + needed > available && used > 0) {
      pages.push([]);
      used = 0;
    }
    pages.at(-1)?.push(line);
    used += needed;
  }
  return pages.map((lines) => lines.join("\n"));
}

/** Splits a line that does not fit on one screen. */
function splitLongLine(line: string, maxWidth: number): string[] {
  if (widthOf(line) <= maxWidth) return [line];
  // a character may take two columns, a tab eight
  const step = Math.max(1, Math.floor(maxWidth / 8));
  return line.match(new RegExp(`.{1,${step}}`, "gsu")) ?? [line];
}

function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(widthOf(line) / columns));
}
