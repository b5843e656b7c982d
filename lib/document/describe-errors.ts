import type { YAMLError } from "yaml";
import { quoteHint } from "./changed-values.js";
import { didYouMean } from "./nearest.js";
import {
  describeExpected,
  knownKeys,
  nodesAt,
  type Path,
  type SchemaError,
  type SchemaNode,
} from "./schema.js";

/** One mistake in a value: its path, whether the key or the value is wrong, and a description. */
export interface Finding {
  readonly path: Path;
  readonly part: "key" | "value";
  readonly message: string;
  readonly hint?: string;
}

/**
 * Turns a validator's errors into messages for people, one per mistake. `written` returns how a number, true or false
 * is written at a path.
 */
export function describeErrors(
  schema: unknown,
  value: unknown,
  errors: readonly SchemaError[],
  written: (path: Path) => string | undefined = () => undefined,
): readonly Finding[] {
  const root = schema as SchemaNode;
  const findings = new Map<string, Finding>();
  const choices = new Set(
    errors
      .filter((error) => error.keyword === "anyOf" || error.keyword === "oneOf")
      .map((error) => error.instancePath),
  );
  for (const error of errors) {
    const place = placeOf(root, value, error, written);
    if (choices.has(error.instancePath) && isNoise(error, place, errors)) continue;
    const finding = word(root, error, place);
    if (finding === undefined) continue;
    const key = `${JSON.stringify(finding.path)} ${finding.part} ${finding.message}`;
    if (!findings.has(key)) findings.set(key, finding);
  }
  return [...findings.values()];
}

interface Place {
  readonly path: Path;
  readonly value: unknown;
  /** How the value is written, if it is a number, true or false. */
  readonly source: string | undefined;
  readonly nodes: readonly SchemaNode[];
}

function placeOf(
  root: SchemaNode,
  value: unknown,
  error: SchemaError,
  written: (path: Path) => string | undefined,
): Place {
  const path: (string | number)[] = [];
  let here = value;
  for (const part of error.instancePath.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const key = Array.isArray(here) ? Number(name) : name;
    path.push(key);
    here = (here as Record<string | number, unknown>)[key];
  }
  return { path, value: here, source: written(path), nodes: nodesAt(root, path) };
}

/** A value with several allowed types produces errors for each of them. Keeps only those of the type that was meant. */
function isNoise(error: SchemaError, place: Place, errors: readonly SchemaError[]): boolean {
  const inside = errors.some((other) => other.instancePath.startsWith(`${error.instancePath}/`));
  const isMap = kindOf(place.value) === "a map";
  if (error.keyword === "type") return inside || isMap || place.nodes.length === 1;
  if (error.keyword === "required") {
    const keyChoices = place.nodes
      .flatMap((node) => node.oneOf ?? [])
      .flatMap((choice) => choice.required ?? []);
    return keyChoices.includes(String(error.params["missingProperty"]));
  }
  if (error.keyword === "oneOf" && place.nodes.some((node) => node.oneOf !== undefined)) return false;
  if (error.keyword === "anyOf" || error.keyword === "oneOf") {
    return errors.some(
      (other) =>
        other !== error &&
        other.instancePath.startsWith(error.instancePath) &&
        (!["type", "anyOf", "oneOf"].includes(other.keyword) || (isMap && inside)),
    );
  }
  return false;
}

function word(
  root: SchemaNode,
  error: SchemaError,
  { path, value, source, nodes }: Place,
): Finding | undefined {
  const at = (message: string, hint?: string): Finding => ({
    path,
    part: "value",
    message,
    hint,
  });
  const expected = describeExpected(root, nodes);
  switch (error.keyword) {
    case "additionalProperties": {
      const key = String(error.params["additionalProperty"]);
      const known = knownKeys(nodes);
      return {
        path: [...path, key],
        part: "key",
        message: `unknown key "${key}"`,
        hint: didYouMean(key, known) ?? `known keys: ${known.join(", ")}`,
      };
    }
    case "propertyNames": {
      const key = String(error.params["propertyName"]);
      const names = nodes.flatMap((node) =>
        node.propertyNames === undefined ? [] : [resolve(root, node.propertyNames)],
      );
      return {
        path: [...path, key],
        part: "key",
        message: `"${key}" cannot be a name; expected ${describeExpected(root, names)}`,
      };
    }
    case "required":
      return {
        path,
        part: path.length === 0 ? "value" : "key",
        message: `"${String(error.params["missingProperty"])}" is missing`,
      };
    case "dependencies":
      return at(
        `"${String(error.params["property"])}" needs "${String(error.params["missingProperty"])}" next to it`,
      );
    case "oneOf": {
      const choices = nodes.flatMap((node) => node.oneOf ?? []).flatMap((choice) => choice.required ?? []);
      const used = choices.filter((key) => Object.hasOwn(Object(value), key));
      if (used.length > 1)
        return at(`${used.map((key) => `"${key}"`).join(" and ")} cannot be combined; expected ${expected}`);
      return at(
        kindOf(value) === "a map"
          ? `expected ${expected}`
          : `expected ${expected}, found ${found(value, source)}`,
      );
    }
    case "enum":
    case "const": {
      const values = nodes.flatMap((node) => node.enum ?? []).filter((one) => typeof one === "string");
      return at(
        `expected ${expected}, found ${found(value, source)}`,
        typeof value === "string" ? didYouMean(value, values) : undefined,
      );
    }
    case "pattern":
      // propertyNames reports keys that do not match
      return typeof value === "string"
        ? at(`expected ${expected}, found ${found(value, source)}`)
        : undefined;
    case "minItems":
      return at(`expected ${expected}, found an empty list`);
    default: {
      return at(
        `expected ${expected}, found ${found(value, source)}`,
        source !== undefined && nodes.some((node) => takesText(node, source)) ? quoteHint(source) : undefined,
      );
    }
  }
}

function takesText({ type = [], pattern = "" }: SchemaNode, text: string): boolean {
  return type.includes("string") && new RegExp(pattern, "u").test(text);
}

function resolve(root: SchemaNode, node: SchemaNode): SchemaNode {
  return node.$ref === undefined
    ? node
    : (root.definitions?.[node.$ref.replace("#/definitions/", "")] ?? node);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  return typeof value === "string" ? "a string" : `a ${typeof value}`;
}

/** Describes a value: short ones as written, others by type. */
function found(value: unknown, source = String(value)): string {
  if (typeof value === "number") return `the number ${source}`;
  if (typeof value === "boolean") return source;
  if (value === "") return "an empty string";
  return typeof value === "string" && value.length <= 60 ? JSON.stringify(value) : kindOf(value);
}

const unquotedBraces = {
  message: "a { ends the text before it here",
  hint: 'quote a text that contains {{: "… {{name}} …"',
} as const;

/** Describes a YAML syntax error. `found` is the text at its position. */
export function describeSyntaxError(
  error: Pick<YAMLError, "code" | "message">,
  found: string,
): { readonly message: string; readonly hint?: string } {
  switch (error.code) {
    case "DUPLICATE_KEY":
      return { message: `duplicate key "${found}"` };
    case "MULTIPLE_DOCS":
      return {
        message: "this starts a second document; only one per file is allowed",
        hint: "remove the line ---",
      };
    case "TAB_AS_INDENT":
      return { message: "a tab; YAML is indented with spaces" };
    case "BAD_INDENT":
      return { message: "the indentation does not match the lines around it" };
    case "MISSING_CHAR":
      if (found === "{{") return unquotedBraces;
      return { message: lower(error.message), hint: "look for an unclosed bracket or quote" };
    case "MULTILINE_IMPLICIT_KEY":
    case "BLOCK_AS_IMPLICIT_KEY":
      return {
        message: "this cannot be a key; a colon may be missing or superfluous",
        hint: 'quote a text with a colon and a space in it: "a: b"',
      };
    case "BAD_ALIAS":
    case "ALIAS_PROPS":
      return { message: lower(error.message) };
    case "TAG_RESOLVE_FAILED":
      return {
        message: "tags (!name) are not supported",
        hint: "quote a string that starts with !",
      };
    case "NON_STRING_KEY":
      return {
        message: "a key must be a string",
        ...(found.startsWith("{") ? { hint: 'quote a text that starts with {{: "{{name}} …"' } : {}),
      };
    case "BAD_SCALAR_START":
      return { message: `a string cannot start with "${found.slice(0, 1)}" here`, hint: "quote it" };
    default:
      return found === "{{" ? unquotedBraces : { message: lower(error.message) };
  }
}

/** Describes a `[` or `{` that is not closed. */
export function describeUnclosed(opened: string): { readonly message: string; readonly hint: string } {
  const closing = opened === "[" ? "]" : "}";
  return {
    message: `this ${opened} is not closed`,
    hint: `close it with ${closing}, and indent the lines in it more than the line with the ${opened}`,
  };
}

function lower(message: string): string {
  return message.slice(0, 1).toLowerCase() + message.slice(1);
}
