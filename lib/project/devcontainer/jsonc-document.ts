import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { invalidDocument, problemReporter, type SourceFile } from "../../document/document.js";
import type { Problem } from "../../failure/failure.js";
import { ok, type Result } from "../../failure/result.js";

export type Path = readonly (string | number)[];

/** A JSON document with comments and trailing commas. Values of an unexpected type are collected as problems. */
export class JsoncDocument {
  readonly problems: Problem[] = [];
  readonly #root: Node;
  readonly #reported = new Set<Node>();
  readonly #report: ReturnType<typeof problemReporter>;

  constructor(source: SourceFile, root: Node) {
    this.#root = root;
    this.#report = problemReporter(source);
  }

  /** Returns the keys of the map at a path; empty if nothing is there. */
  keys(path: Path): readonly string[] {
    const node = this.#find(path, "object", "a map");
    return (node?.children ?? []).flatMap(({ children: [key] = [] }) => [String(key?.value)]);
  }

  /** Returns the length of the list at a path. */
  count(path: Path): number {
    return this.#find(path, "array", "a list")?.children?.length ?? 0;
  }

  /** Returns the string at a path. */
  text(path: Path): string | undefined {
    return this.#find(path, "string", "a string")?.value as string | undefined;
  }

  /** Returns the string, number, boolean or null at a path; undefined for anything else. */
  scalar(path: Path): unknown {
    return findNodeAtLocation(this.#root, [...path])?.value;
  }

  isMap(path: Path): boolean {
    return findNodeAtLocation(this.#root, [...path])?.type === "object";
  }

  #find(path: Path, type: Node["type"], expected: string): Node | undefined {
    const node = path.length === 0 ? this.#root : findNodeAtLocation(this.#root, [...path]);
    if (node === undefined || node.type === type) return node;
    if (!this.#reported.has(node))
      this.problems.push(
        this.#report({ start: node.offset, end: node.offset + node.length }, `expected ${expected}`),
      );
    this.#reported.add(node);
    return undefined;
  }
}

/** Parses the document. Failure: `invalid-document`. */
export function parseJsonc({ path, text }: SourceFile): Result<JsoncDocument> {
  const source = { path, text: text.replace(/^\uFEFF/, "") };
  const report = problemReporter(source);
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(source.text, errors, { allowTrailingComma: true });
  } catch (error) {
    // thousands of nested brackets
    if (!(error instanceof RangeError)) throw error;
    return invalidDocument([report({ start: 0, end: 0 }, "the brackets in this file are nested too deeply")]);
  }
  const [first] = errors;
  // one mistake often causes several errors; the first says most
  if (first !== undefined)
    return invalidDocument([
      report({ start: first.offset, end: first.offset + first.length }, wordError(first)),
    ]);
  if (root?.type !== "object")
    return invalidDocument([report({ start: 0, end: 0 }, "expected a map: { … }")]);
  return ok(new JsoncDocument(source, root));
}

/** "CommaExpected" becomes "comma expected". */
function wordError({ error }: ParseError): string {
  return printParseErrorCode(error)
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
}
