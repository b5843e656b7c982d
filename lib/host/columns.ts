/** Returns an upper bound of the columns that a line takes. */
export function widthOf(line: string): number {
  let width = 0;
  for (const char of line) width += widthOfCharacter(char);
  return width;
}

function widthOfCharacter(char: string): number {
  return char === "\t" ? 8 : (char.codePointAt(0) ?? 0) > 0x2ff ? 2 : 1;
}

/** Splits a text into pieces of at most so many columns, at any character; at least one piece. */
export function splitAtColumns(text: string, columns: number): readonly string[] {
  const pieces: string[] = [];
  let current = "";
  let width = 0;
  for (const char of text) {
    const more = widthOfCharacter(char);
    if (width + more > columns && current !== "") {
      pieces.push(current);
      current = "";
      width = 0;
    }
    current += char;
    width += more;
  }
  return [...pieces, current];
}

/** Shortens a line to so many columns, with an ellipsis at its end. */
export function shortenToColumns(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  return `${splitAtColumns(line, Math.max(1, columns - 2))[0] ?? ""}…`;
}
