import { fail } from "../failure/result.js";
import type { Failure, Position, Problem } from "../failure/failure.js";
import { excerpt, type Span } from "./excerpt.js";
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
