/** A stretch of a text, in UTF-16 units from its start; `end` is the first unit after it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The line of `text` that `span` starts in, with a `~~~` marker under the span (one line of it), ready to print.
 * Tabs stay tabs in both lines, so that the marker stays under its place.
 */
export function excerpt(text: string, span: Span): string {
  const lineStart = text.lastIndexOf("\n", span.start - 1) + 1;
  const next = text.indexOf("\n", span.start);
  const line = text.slice(lineStart, next === -1 ? text.length : next).replace(/\r$/, "");
  const before = line.slice(0, span.start - lineStart);
  const width = Math.max(1, Math.min(span.end, lineStart + line.length) - span.start);
  return `${line}\n${before.replaceAll(/[^\t]/g, " ")}${"~".repeat(width)}`;
}
