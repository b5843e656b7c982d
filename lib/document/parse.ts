import { type Document as YamlDocument, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument as parseYaml, type YAMLError } from "yaml";
import type { Position, Problem } from "../failure.js";
import { fail, ok, type Result } from "../result.js";
import { excerpt, type Span } from "./excerpt.js";
import { describe, type Path, type Schema, type SchemaNode } from "./schema.js";
import { wordSyntax } from "./syntax.js";
import { type Finding, wordErrors } from "./wording.js";

/** A file as text; `path` is used as it is in messages. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A YAML file that fits its schema. */
export interface Document<T = unknown> {
  readonly path: string;
  /** The file as plain data. */
  readonly value: T;
  /**
   * Where the value at `path` is written, or its key. Where the file does not have the whole path, the deepest part
   * of it that is there.
   */
  locate(path: Path, part?: "key" | "value"): Position;
  /** A problem at that place, with the line and a marker. */
  problem(path: Path, message: string, options?: { readonly part?: "key" | "value"; readonly hint?: string | undefined }): Problem;
}

/** Far more than a real file needs; a file made to explode has more. */
const maxAliases = 50;

/**
 * Reads YAML 1.2 (core schema) and checks it against `schema`.
 * Fails with `invalid-document`, which has every problem found: those of the syntax, or else those of the content.
 */
export function parseDocument<T>(source: SourceFile, schema: Schema<T>): Result<Document<T>> {
  const lines = new LineCounter();
  const yaml = parseYaml(source.text, { version: "1.2", schema: "core", strict: true, uniqueKeys: true, stringKeys: true, prettyErrors: false, logLevel: "error", lineCounter: lines });
  const report = reporter(source, lines);
  const root = schema.schema as SchemaNode;

  const broken = [...yaml.errors, ...yaml.warnings];
  if (broken.length > 0) return invalid(broken.map((error) => syntaxProblem(error, source, report)));
  if (yaml.contents === null) return invalid([report({ start: 0, end: 0 }, `this file is empty; expected ${describe(root, [root])}`)]);

  let value: unknown;
  try {
    value = yaml.toJS({ maxAliasCount: maxAliases });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return invalid([report({ start: 0, end: 0 }, "too many aliases (*name) in this file", "write the values out")]);
  }

  const span = (path: Path, part: "key" | "value" = "value"): Span => spanOf(yaml, path, part);
  const problem: Document["problem"] = (path, message, options) => report(span(path, options?.part), message, options?.hint);
  if (!schema.validate(value)) {
    const findings = wordErrors(schema.schema, value, schema.validate.errors ?? []);
    return invalid(findings.map((finding: Finding) => problem(finding.path, finding.message, finding)).toSorted(byPlace));
  }
  return ok({ path: source.path, value, locate: (path, part) => position(source, lines, span(path, part).start), problem });
}

/** The failure of a document with these problems. */
export function invalid(problems: readonly Problem[]): { readonly ok: false; readonly failure: { readonly kind: "invalid-document"; readonly problems: readonly Problem[] } } {
  return fail({ kind: "invalid-document", problems }) as ReturnType<typeof invalid>;
}

function reporter(source: SourceFile, lines: LineCounter) {
  return (span: Span, message: string, hint?: string): Problem => ({
    at: position(source, lines, span.start),
    message,
    ...(hint === undefined ? {} : { hint }),
    excerpt: excerpt(source.text, span),
  });
}

function position(source: SourceFile, lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { file: source.path, line: Math.max(1, line), column: Math.max(1, col) };
}

function syntaxProblem(error: YAMLError, source: SourceFile, report: ReturnType<typeof reporter>): Problem {
  const [start, to] = error.pos;
  // yaml marks a duplicate key with one unit only; the whole key is meant.
  const word = /^(?:"[^"\n]*"|'[^'\n]*'|[^\s:,#{}[\]]+)/.exec(source.text.slice(start, start + 200))?.[0] ?? "";
  const end = error.code === "DUPLICATE_KEY" ? start + word.length : to;
  const { message, hint } = wordSyntax(error, word.replaceAll(/^["']|["']$/g, ""));
  return report({ start, end }, message, hint);
}

/** Where a value or a key is written; for a map or list of several lines, where it starts. */
function spanOf(yaml: YamlDocument, path: Path, part: "key" | "value"): Span {
  let node: unknown = yaml.contents;
  let found: unknown = node;
  for (const [index, key] of path.entries()) {
    if (isAlias(node)) node = node.resolve(yaml);
    if (isMap(node)) {
      const pair = node.items.find((item) => (isScalar(item.key) ? item.key.value : item.key) === key);
      if (pair === undefined) break;
      const wantsKey = part === "key" && index === path.length - 1;
      node = pair.value;
      found = wantsKey || !isNode(pair.value) || isEmpty(pair.value) ? pair.key : pair.value;
    } else if (isSeq(node) && typeof key === "number") {
      node = node.items[key];
      found = node ?? found;
    } else break;
  }
  const range = isNode(found) ? found.range : undefined;
  return { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
}

function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.range !== undefined && node.range !== null && node.range[0] === node.range[1];
}

function byPlace(a: Problem, b: Problem): number {
  return (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);
}
