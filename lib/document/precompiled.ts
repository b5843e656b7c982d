import { createDocument, type Document, type Part, type SourceFile, type Span } from "./document.js";
import type { Path } from "./schema.js";

/** A document parsed at build time, as plain data. Spans of values and keys are stored by path. */
export interface Precompiled<T> {
  /** The text it was parsed from; valid for this text only. */
  readonly text: string;
  readonly value: T;
  readonly spans: Readonly<
    Record<string, readonly [valueStart: number, valueEnd: number, keyStart: number, keyEnd: number]>
  >;
}

/** Returns the key of a path in `spans`. */
export function spanKey(path: Path): string {
  return JSON.stringify(path);
}

/** Returns the document of `source`, or undefined if `compiled` was made from another text. */
export function fromPrecompiled<T>(source: SourceFile, compiled: Precompiled<T>): Document<T> | undefined {
  if (source.text !== compiled.text) return undefined;
  return createDocument(source, compiled.value, (path, part) => spanOf(compiled, path, part));
}

function spanOf({ spans }: Precompiled<unknown>, path: Path, part: Part): Span {
  for (let length = path.length; length >= 0; length--) {
    const span = spans[spanKey(path.slice(0, length))];
    if (span === undefined) continue;
    const [start, end] = part === "key" && length === path.length ? [span[2], span[3]] : [span[0], span[1]];
    return { start, end };
  }
  return { start: 0, end: 0 };
}
