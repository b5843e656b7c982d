/** A stretch of a text, in UTF-16 units from its start; `end` is the first unit after it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Of a longer line only the part around the span is shown, in UTF-16 units. */
const maxUnits = 400;

/**
 * The line of `text` that `span` starts in, with a `~~~` marker under the span (one line of it), ready to print.
 * Tabs stay tabs in both lines, so that the marker stays under its place.
 */
export function excerpt(text: string, span: Span): string {
  const lineStart = text.lastIndexOf("\n", span.start - 1) + 1;
  const next = text.indexOf("\n", span.start);
  const line = text.slice(lineStart, next === -1 ? text.length : next).replace(/\r$/, "");
  const from = line.length <= maxUnits ? 0 : Math.max(0, span.start - lineStart - maxUnits / 4);
  const [head, tail] = [from > 0 ? "…" : "", from + maxUnits < line.length ? "…" : ""];
  const part = line.slice(from, from + maxUnits);
  const before = head + part.slice(0, span.start - lineStart - from);
  const width = Math.max(1, Math.min(span.end, lineStart + from + part.length) - span.start);
  const shown = `${head}${part}${tail}`;
  return `${shown}\n${before.replaceAll(/[^\t]/g, " ")}${"~".repeat(width)}`;
}
