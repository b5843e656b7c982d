import type { WriteStream } from "node:tty";

/** How text is laid out on a terminal: wrapped at words, with coloured marks. Elsewhere it stays as it is. */

/** Wraps each line of a text at words. Words that are longer than a line, such as URLs, stay whole. */
export function wrapLines(text: string, columns: number): string {
  if (columns < 20) return text;
  return text
    .split("\n")
    .map((line) => wrapLine(line, columns))
    .join("\n");
}

function wrapLine(line: string, columns: number): string {
  if (line.length <= columns) return line;
  const indent = hangingIndent(line, columns);
  const lines: string[] = [];
  let current = line.slice(0, indent);
  for (const word of line.slice(indent).split(" ")) {
    const isFirst = current.length === indent;
    if (!isFirst && current.length + 1 + word.length > columns) {
      lines.push(current);
      current = " ".repeat(indent) + word;
    } else current += isFirst ? word : ` ${word}`;
  }
  return [...lines, current].join("\n");
}

/** Returns the column in which the text of a line starts: after its indent, its mark, and the columns of a table. */
function hangingIndent(line: string, columns: number): number {
  let indent = /^ *(?:[✔✖!…·] )?/u.exec(line)?.[0].length ?? 0;
  for (const { index, 0: gap } of line.matchAll(/ {2,}(?=\S)/g))
    if (index + gap.length <= columns / 2) indent = Math.max(indent, index + gap.length);
  return indent;
}

/** Joins the lines of paragraphs that were written with line breaks, so that they can be wrapped at another width. */
export function joinParagraphs(text: string): string {
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    const before = lines.at(-1) ?? "";
    if (before.length > 60 && /^\S/.test(before) && /^\S/.test(line))
      lines[lines.length - 1] = `${before} ${line}`;
    else lines.push(line);
  }
  return lines.join("\n");
}

/** Colours that can be read on black and on white: yellow and cyan are too light there. */
const codes = { red: 31, green: 32, magenta: 35, bold: 1, dim: 2 } as const;

const markStyles: Readonly<Record<string, keyof typeof codes>> = {
  "✔": "green",
  "=": "green",
  "✖": "red",
  "!": "magenta",
  "+": "magenta",
  "?": "magenta",
  "-": "dim",
  "~": "dim",
  "…": "dim",
  "·": "dim",
};

/** Colours the marks at the start of lines, and headings: lines without an indent that end in a colon. */
export function paintLines(text: string): string {
  return text
    .split("\n")
    .map((line) => {
      const [, indent = "", mark = "", rest = ""] = /^( *)(\S) (.*)$/u.exec(line) ?? [];
      const style = markStyles[mark];
      if (style !== undefined) return `${indent}${paint(mark, style)} ${rest}`;
      return /^[A-Z][\w ,-]*:$/.test(line) ? paint(line, "bold") : line;
    })
    .join("\n");
}

function paint(text: string, style: keyof typeof codes): string {
  return `\u001b[${codes[style]}m${text}\u001b[0m`;
}

/** Lays a printable text out for a stream. FORCE_COLOR and NO_COLOR are respected. */
export function layOut(text: string, stream: WriteStream): string {
  const wrapped = stream.isTTY ? wrapLines(text, stream.columns) : text;
  return hasColor(stream) ? paintLines(wrapped) : wrapped;
}

function hasColor(stream: WriteStream): boolean {
  const forced = process.env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return stream.isTTY && stream.hasColors();
}
