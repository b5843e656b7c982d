import { fail } from "../failure/result.js";
import type { Failure, Position, Problem } from "../failure/failure.js";
import type { Path } from "./schema.js";

/** A file as text; `path` is used as it is in messages. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export type Part = "key" | "value";

/** A YAML file that fits its schema. */
export interface Document<T = unknown> {
  readonly path: string;
  /** The file as plain data. */
  readonly value: T;
  /**
   * Where the value at `path` is written, or its key. Where the file does not have the whole path, the deepest part
   * of it that is there.
   */
  locate(path: Path, part?: Part): Position;
  /** The same place as offsets into the text. */
  span(path: Path, part?: Part): Span;
  /** A problem at that place, with the line and a marker. */
  problem(
    path: Path,
    message: string,
    options?: { readonly part?: Part; readonly hint?: string | undefined },
  ): Problem;
}

/** A document of `value`, of which `spanOf` knows where each part is written. */
export function createDocument<T>(
  source: SourceFile,
  value: T,
  spanOf: (path: Path, part: Part) => Span,
): Document<T> {
  const report = reporter(source);
  const position = positions(source);
  return {
    path: source.path,
    value,
    span: (path, part = "value") => spanOf(path, part),
    locate: (path, part = "value") => position(spanOf(path, part).start),
    problem: (path, message, options) =>
      report(spanOf(path, options?.part ?? "value"), message, options?.hint),
  };
}

/** The failure of a document with these problems. */
export function invalid(problems: readonly Problem[]): { readonly ok: false; readonly failure: Failure } {
  return fail({ kind: "invalid-document", problems });
}

/** Words a problem at a span of `source`. */
export function reporter(source: SourceFile): (span: Span, message: string, hint?: string) => Problem {
  const position = positions(source);
  return (span, message, hint) => ({
    at: position(span.start),
    message,
    ...(hint === undefined ? {} : { hint }),
    excerpt: excerpt(source.text, span),
  });
}

/** Line and column of an offset, found in a table of line starts that is made once. */
function positions({ path, text }: SourceFile): (offset: number) => Position {
  let starts: number[] | undefined;
  return (offset) => {
    starts ??= [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { file: path, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

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
function excerpt(text: string, span: Span): string {
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
