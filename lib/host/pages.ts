/**
 * A text in pieces that each fit on a screen of so many columns and rows, with a row left for a question below. One piece
 * where the size is not known.
 */
export function paginate(text: string, columns: number, rows: number): readonly string[] {
  const room = rows - 2;
  if (columns < 1 || room < 1) return [text];
  const pages: string[][] = [[]];
  let used = 0;
  for (const line of text.split("\n").flatMap((one) => broken(one, columns * room))) {
    const needed = rowsOf(line, columns);
    if (used + needed > room && used > 0) {
      pages.push([]);
      used = 0;
    }
    pages.at(-1)?.push(line);
    used += needed;
  }
  return pages.map((lines) => lines.join("\n"));
}

/** A line that fills more than a screen, in pieces that do not. */
function broken(line: string, most: number): string[] {
  if (widthOf(line) <= most) return [line];
  // a character may take two columns, and a tab eight
  const step = Math.max(1, Math.floor(most / 8));
  return line.match(new RegExp(`.{1,${step}}`, "gsu")) ?? [line];
}

function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(widthOf(line) / columns));
}

/** At most so many columns. */
function widthOf(line: string): number {
  let width = 0;
  for (const char of line) width += char === "\t" ? 8 : (char.codePointAt(0) ?? 0) > 0x2ff ? 2 : 1;
  return width;
}
