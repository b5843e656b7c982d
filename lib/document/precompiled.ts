import { ok, type Result } from "../failure/result.js";
import { createDocument, type Document, type Part, type SourceFile, type Span } from "./document.js";
import type { Path } from "./schema.js";

/** A document that was parsed before, as plain data. */
export interface Precompiled<T> {
  /** The text it was parsed from; valid for this text only. */
  readonly text: string;
  readonly value: T;
  readonly spans: Spans;
}

/** The spans of a value and its key, and those of what is in it, by key or index. */
type Spans = readonly [
  valueStart: number,
  valueEnd: number,
  keyStart: number,
  keyEnd: number,
  below?: Readonly<Record<string | number, Spans>> | readonly Spans[],
];

/** Returns a document as plain data, for `fromPrecompiled`. Throws a `RangeError` for a number that JSON does not have. */
export function precompiled<T>(text: string, document: Document<T>): Precompiled<T> {
  const spansOf = (value: unknown, path: Path): Spans => {
    const [here, key] = [document.span(path), document.span(path, "key")];
    if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError(`JSON has no ${value}`);
    const spans = [here.start, here.end, key.start, key.end] as const;
    if (typeof value !== "object" || value === null) return spans;
    if (Array.isArray(value)) return [...spans, value.map((item, index) => spansOf(item, [...path, index]))];
    const entries = Object.entries(value).map(([name, item]) => [name, spansOf(item, [...path, name])]);
    return [...spans, Object.fromEntries(entries) as Record<string, Spans>];
  };
  return { text, value: document.value, spans: spansOf(document.value, []) };
}

/** Returns the document of `source`; undefined if there is none, or it was made from another text. */
export function fromPrecompiled<T>(
  source: SourceFile,
  compiled: Precompiled<T> | undefined,
): Document<T> | undefined {
  if (source.text !== compiled?.text) return undefined;
  return createDocument(source, compiled.value, (path, part) => spanOf(compiled.spans, path, part));
}

/** JSON values that an earlier run made of texts. */
export interface KeptValues {
  get(kind: string, text: string): unknown;
  keep(kind: string, text: string, make: () => unknown): void;
}

/** Parses a file by `parse`, unless `kept` has what an earlier run made of its text. */
export async function parsedOnce<T>(
  source: SourceFile,
  kind: string,
  kept: KeptValues | undefined,
  parse: () => Promise<Result<Document<T>>>,
): Promise<Result<Document<T>>> {
  const { text } = source;
  const known = fromPrecompiled(source, kept?.get(kind, text) as Precompiled<T> | undefined);
  if (known !== undefined) return ok(known);
  const parsed = await parse();
  if (parsed.ok) kept?.keep(kind, text, () => precompiled(text, parsed.value));
  return parsed;
}

function spanOf(root: Spans, path: Path, part: Part): Span {
  let spans = root;
  for (const [index, key] of path.entries()) {
    const below = spans[4] as Readonly<Record<string | number, Spans>> | undefined;
    const next = below !== undefined && Object.hasOwn(below, key) ? below[key] : undefined;
    if (next === undefined) break;
    spans = next;
    if (part === "key" && index === path.length - 1) return { start: spans[2], end: spans[3] };
  }
  return { start: spans[0], end: spans[1] };
}
