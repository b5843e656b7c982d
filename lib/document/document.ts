import { fail } from "../failure/result.js";
import type { Failure, Position, Problem } from "../failure/failure.js";
import type { Path } from "./schema.js";

/** A text file; messages show `path`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export type Part = "key" | "value";

/** A YAML file that matches its schema. */
export interface Document<T = unknown> {
  readonly path: string;
  /** The content as plain data. */
  readonly value: T;
  /**
   * Returns where the value at `path`, or its key, is written; the deepest existing part of the path if it is
   * incomplete.
   */
  locate(path: Path, part?: Part): Position;
  /** Like `locate`, as offsets into the text. */
  span(path: Path, part?: Part): Span;
  /** Returns a problem at that place, with the marked line. */
  problem(
    path: Path,
    message: string,
    options?: { readonly part?: Part; readonly hint?: string | undefined },
  ): Problem;
}

/** Creates a document; `spanOf` returns where each part of `value` is written. */
export function createDocument<T>(
  source: SourceFile,
  value: T,
  spanOf: (path: Path, part: Part) => Span,
): Document<T> {
  const report = problemReporter(source);
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

/** Returns the failure of a document with these problems. */
export function invalidDocument(problems: readonly Problem[]): {
  readonly ok: false;
  readonly failure: Failure;
} {
  return fail({ kind: "invalid-document", problems });
}

/** Returns a function that creates a problem at a span of `source`. */
export function problemReporter(source: SourceFile): (span: Span, message: string, hint?: string) => Problem {
  const position = positions(source);
  return (span, message, hint) => ({
    at: position(span.start),
    message,
    hint,
    excerpt: excerpt(source.text, span),
  });
}

/** Returns a function that converts an offset to line and column; the table of line starts is built once. */
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

/** A range of a text, in UTF-16 units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Maximum length of the shown part of a line, in UTF-16 units. */
const maxUnits = 400;

/**
 * Returns the line in which `span` starts, with a `~~~` marker below the span. Tabs are kept in both lines, so that
 * they align.
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
