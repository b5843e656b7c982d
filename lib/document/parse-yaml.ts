import {
  type Alias,
  type Document as YamlDocument,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument as parseYaml,
  visit,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import type { Problem } from "../failure/failure.js";
import { ok, type Result } from "../failure/result.js";
import {
  createDocument,
  type Document,
  invalidDocument,
  type Part,
  problemReporter,
  type SourceFile,
  type Span,
} from "./document.js";
import { changedValues } from "./changed-values.js";
import { describeExpected, type Path, type Schema, type SchemaNode } from "./schema.js";
import { describeErrors, describeSyntaxError, describeUnclosed } from "./describe-errors.js";

/** Far more than real files use; limits exponential growth. */
const maxAliases = 50;

/** Deeper than any real file, and shallow enough for recursive functions. */
const maxLevels = 64;
/** In UTF-16 units. A text that is nothing but mistakes takes a few seconds. */
const maxText = 1024 * 1024;
/** More than anyone reads. */
const maxProblems = 50;

/**
 * Parses YAML 1.2 (core schema) and checks it against `schema`. Failure: `invalid-document`, with all problems up to a
 * limit: those of the syntax, or else those of the content.
 */
export function parseDocument<T>(source: SourceFile, schema: Schema<T>): Result<Document<T>> {
  const report = problemReporter(source);
  const start: Span = { start: 0, end: 0 };
  if (source.text.length > maxText)
    return invalidDocument([report(start, `this file is too large: more than ${maxText / 1024 / 1024} MiB`)]);
  const tooDeep = () =>
    invalidDocument([report(start, `this file is nested too deeply: more than ${maxLevels} levels`)]);
  if (bracketDepth(source.text) > maxLevels) return tooDeep();
  let yaml: YamlDocument | undefined;
  let value: unknown;
  try {
    yaml = read(source.text);
    const { contents } = yaml;
    const broken = withoutFollowing([...withRepeatedKeys(yaml.errors, contents), ...yaml.warnings]);
    if (broken.length > 0)
      return invalidDocument(limited(broken, (error) => syntaxProblem(error, source, contents, report)));
    const root = schema.schema as SchemaNode;
    if (contents === null)
      return invalidDocument([
        report(start, `this file is empty; expected ${describeExpected(root, [root])}`),
      ]);
    value = yaml.toJS({ maxAliasCount: maxAliases });
  } catch (error) {
    // stack overflow
    if (error instanceof RangeError) return tooDeep();
    if (yaml === undefined || !(error instanceof Error)) throw error;
    const lost = new Nodes(yaml).aliasWithoutAnchor();
    if (lost !== undefined) {
      const { source: name, range } = lost;
      const at = { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
      const hint = `quote a text that starts with *: "*${name}"`;
      return invalidDocument([report(at, `there is no anchor &${name} before this alias`, hint)]);
    }
    if (error.message.startsWith("Merge sources"))
      return invalidDocument([report(start, "a key << in this file has a value that is not a map")]);
    if (!(error instanceof ReferenceError)) throw error;
    return invalidDocument([report(start, "too many aliases (*name) in this file", "write out the values")]);
  }
  if (depthOf(value) > maxLevels) return tooDeep();

  const nodes = new Nodes(yaml);
  const document = createDocument(source, value, (path, part) => spanOf(nodes, path, part));
  const written = (path: Path): string | undefined => writtenAt(nodes, path);
  const changed = changedValues(schema.schema as SchemaNode, value, written);
  if (schema.validate(value) && changed.length === 0) return ok({ ...document, value });
  const errors = describeErrors(schema.schema, value, schema.validate.errors ?? [], written);
  const isDescribed = new Set(errors.map(({ path }) => JSON.stringify(path)));
  const findings = [...errors, ...changed.filter(({ path }) => !isDescribed.has(JSON.stringify(path)))];
  return invalidDocument(
    limited(findings, (finding) => document.problem(finding.path, finding.message, finding)).toSorted(
      byPlace,
    ),
  );
}

function read(text: string): YamlDocument {
  const { stackTraceLimit } = Error;
  // text with many mistakes has an error for each, and where each was created takes longest
  Error.stackTraceLimit = 0;
  try {
    return parseYaml(text, {
      version: "1.2",
      schema: "core",
      strict: true,
      // the parser would compare each key with all before it
      uniqueKeys: false,
      stringKeys: true,
      // `<<: *name` takes over the entries of an anchor
      merge: true,
      prettyErrors: false,
      // with "silent", yaml would not report multiple documents
      logLevel: "error",
    });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** A mistake in the syntax. */
type SyntaxMistake = Pick<YAMLError, "code" | "pos" | "message">;

/** Adds an error for each key that its map already has, in the order of the text. */
function withRepeatedKeys(errors: readonly SyntaxMistake[], root: Node | null): readonly SyntaxMistake[] {
  const repeated: SyntaxMistake[] = [];
  const nodes: unknown[] = [root];
  for (const node of nodes) {
    if (isSeq(node)) for (const item of node.items) nodes.push(item);
    if (!isMap(node)) continue;
    const keys = new Set<unknown>();
    for (const { key, value } of node.items) {
      nodes.push(value);
      const name = isScalar(key) ? key.value : key;
      const [start = 0] = (isNode(key) ? key.range : undefined) ?? [];
      if (keys.has(name)) repeated.push({ code: "DUPLICATE_KEY", pos: [start, start + 1], message: "" });
      keys.add(name);
    }
  }
  return repeated.length === 0 ? errors : [...errors, ...repeated].toSorted((a, b) => a.pos[0] - b.pos[0]);
}

function limited<T>(all: readonly T[], word: (one: T) => Problem): readonly Problem[] {
  const problems = all.slice(0, maxProblems).map(word);
  const more = all.length - problems.length;
  return more === 0 ? problems : [...problems, { message: `… and ${more} more problems` }];
}

/** Returns the maximum depth of brackets, including quoted ones: the parser's time is quadratic in it. */
function bracketDepth(text: string): number {
  let [depth, most] = [0, 0];
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth < 0) depth = 0;
    most = Math.max(most, depth);
  }
  return most;
}

/** Returns the depth of nested maps and lists, up to just above the limit. */
function depthOf(value: unknown): number {
  let level: readonly unknown[] = [value];
  for (let depth = 0; ; depth += 1) {
    level = level.flatMap((one) =>
      typeof one === "object" && one !== null ? Object.values(one as Record<string, unknown>) : [],
    );
    if (level.length === 0 || depth > maxLevels) return depth;
  }
}

function syntaxProblem(
  error: SyntaxMistake,
  source: SourceFile,
  root: Node | null,
  report: ReturnType<typeof problemReporter>,
): Problem {
  const [start, to] = error.pos;
  const opened = openedAt(error, root);
  if (opened !== undefined) {
    const { message, hint } = describeUnclosed(source.text.slice(opened, opened + 1));
    return report({ start: opened, end: opened + 1 }, message, hint);
  }
  // yaml marks only one unit of a duplicate key; mark the whole key
  const word =
    /^(?:"[^"\n]*"|'[^'\n]*'|\{\{|[^\s:,#{}[\]]+)/.exec(source.text.slice(start, start + 200))?.[0] ?? "";
  const end = error.code === "DUPLICATE_KEY" ? start + word.length : to;
  const { message, hint } = describeSyntaxError(
    error,
    word === "" ? source.text.slice(start, start + 1) : word.replaceAll(/^["']|["']$/g, ""),
  );
  return report({ start, end }, message, hint);
}

/** Returns where the bracket stands that an error finds unclosed: of the outermost list or map that ends there. */
function openedAt({ message, pos: [end] }: SyntaxMistake, root: Node | null): number | undefined {
  const closing = /^Flow (?:map|sequence) .* end with a ([\]}])$/.exec(message)?.[1];
  if (closing === undefined || root === null) return undefined;
  let opened: number | undefined;
  visit(root, {
    Collection(_, node) {
      if (node.flow !== true || node.range?.[1] !== end || isMap(node) !== (closing === "}"))
        return undefined;
      opened = node.range[0];
      return visit.BREAK;
    },
  });
  return opened;
}

/** Codes of the mistakes after which the parser no longer knows where in the document it is. */
const losesPlace: ReadonlySet<string> = new Set([
  ...["UNEXPECTED_TOKEN", "BAD_INDENT", "MISSING_CHAR", "IMPOSSIBLE"],
  ...["BLOCK_AS_IMPLICIT_KEY", "MULTILINE_IMPLICIT_KEY", "BAD_COLLECTION_TYPE", "BLOCK_IN_FLOW"],
]);

/**
 * Keeps the errors up to the first after which the parser has lost its place, and the first of them at each position:
 * one mistake often causes several, and the first says most.
 */
function withoutFollowing(errors: readonly SyntaxMistake[]): readonly SyntaxMistake[] {
  const lost = errors.findIndex(({ code }) => losesPlace.has(code));
  const seen = new Set<number>();
  return errors
    .slice(0, lost === -1 ? undefined : lost + 1)
    .filter(({ pos: [start] }) => !seen.has(start) && seen.add(start));
}

/** Returns where a value or key is written; for a multi-line map or list, its start. */
function spanOf(nodes: Nodes, path: Path, part: Part): Span {
  let node = nodes.root;
  let found: unknown = node;
  for (const [index, key] of path.entries()) {
    if (isAlias(node)) node = nodes.target(node);
    if (isMap(node)) {
      const pair = nodes.pairs(node).get(key);
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

/** Returns how a number, true or false is written at a path; undefined for another value. */
function writtenAt(nodes: Nodes, path: Path): string | undefined {
  let node = nodes.root;
  for (const key of [...path, undefined]) {
    if (isAlias(node)) node = nodes.target(node);
    if (key === undefined) break;
    if (isMap(node)) node = nodes.pairs(node).get(key)?.value;
    else node = isSeq(node) ? node.get(key, true) : undefined;
  }
  if (!isScalar(node) || !["number", "boolean"].includes(typeof node.value)) return undefined;
  return node.source;
}

/** The nodes of a YAML document, indexed when first asked for, so that large maps and many aliases stay fast. */
class Nodes {
  readonly root: unknown;
  readonly #yaml: YamlDocument;
  readonly #pairs = new Map<YAMLMap, ReadonlyMap<unknown, Pair>>();
  #targets: Map<Alias, Node | undefined> | undefined;

  constructor(yaml: YamlDocument) {
    this.root = yaml.contents;
    this.#yaml = yaml;
  }

  /** Returns the pairs of a map by key. */
  pairs(map: YAMLMap): ReadonlyMap<unknown, Pair> {
    let pairs = this.#pairs.get(map);
    if (pairs === undefined) {
      pairs = new Map(map.items.map((pair) => [isScalar(pair.key) ? pair.key.value : pair.key, pair]));
      this.#pairs.set(map, pairs);
    }
    return pairs;
  }

  /** Returns the node that an alias stands for: the last one before it with its anchor. */
  target(alias: Alias): Node | undefined {
    this.#targets ??= this.#findTargets();
    return this.#targets.get(alias);
  }

  /** Returns the first alias whose anchor is missing. */
  aliasWithoutAnchor(): Alias | undefined {
    this.#targets ??= this.#findTargets();
    return [...this.#targets].find(([, target]) => target === undefined)?.[0];
  }

  #findTargets(): Map<Alias, Node | undefined> {
    const targets = new Map<Alias, Node | undefined>();
    const anchors = new Map<string, Node>();
    visit(this.#yaml, {
      Node(_, node) {
        if (isAlias(node)) targets.set(node, anchors.get(node.source));
        else if (node.anchor !== undefined) anchors.set(node.anchor, node);
      },
    });
    return targets;
  }
}

function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.range !== undefined && node.range !== null && node.range[0] === node.range[1];
}

function byPlace(a: Problem, b: Problem): number {
  return (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);
}
