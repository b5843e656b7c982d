import { nodesAt, type Path, type SchemaNode } from "./schema.js";

/** A number or a boolean that would be used as text, but not as it is written: 012 becomes 12, 1.10 becomes 1.1. */
export interface ChangedValue {
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
}

/**
 * Returns the values that YAML changes where the schema takes text. `written` returns how a value at a path is written,
 * or undefined for one without quotes of its own.
 */
export function changedValues(
  root: SchemaNode,
  value: unknown,
  written: (path: Path) => string | undefined,
): readonly ChangedValue[] {
  const found: ChangedValue[] = [];
  const visit = (here: unknown, path: Path): void => {
    if (typeof here === "object" && here !== null) {
      const isList = Array.isArray(here);
      for (const [key, below] of Object.entries(here)) visit(below, [...path, isList ? Number(key) : key]);
    } else if (typeof here === "number" || typeof here === "boolean") {
      const source = written(path);
      if (source === undefined || source === String(here) || !isText(root, path)) return;
      const message = `${source} without quotes is the ${typeof here} ${String(here)}`;
      found.push({ path, message, hint: quoteHint(source) });
    }
  };
  visit(value, []);
  return found;
}

/** Returns the hint for a value that is meant as text. */
export function quoteHint(source: string): string {
  return `quote it: ${JSON.stringify(source)}`;
}

/** Tells whether the schema takes text at `path`, and a number only as a convenience; a port or a time is a number. */
function isText(root: SchemaNode, path: Path): boolean {
  return nodesAt(root, path).some(
    ({ type = [], minimum, exclusiveMinimum }) =>
      type.includes("string") && minimum === undefined && exclusiveMinimum === undefined,
  );
}
