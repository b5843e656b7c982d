import type { Place, Tree } from "./recipe-tree.js";

/** Reads fields of one entry. The schema has checked the types; absent is undefined, and a list is empty. */
export type Fields = ReadonlyMap<string, Tree>;

export function textOf(fields: Fields, key: string): string | undefined {
  const leaf = leafOf(fields, key);
  return leaf === undefined ? undefined : String(leaf);
}

export function flagOf(fields: Fields, key: string): boolean {
  return leafOf(fields, key) === true;
}

export function leafOf(fields: Fields, key: string): string | number | boolean | undefined {
  const tree = fields.get(key);
  return tree?.kind === "leaf" && tree.value !== null ? tree.value : undefined;
}

export function itemsOf(fields: Fields, key: string): readonly Tree[] {
  const tree = fields.get(key);
  return tree?.kind === "list" ? tree.items : [];
}

/** A list of texts, each with its place; one that is there twice is taken once, where it comes first. */
export function textsOf(
  fields: Fields,
  key: string,
): readonly { readonly text: string; readonly place: Place }[] {
  const texts = new Map<string, Place>();
  for (const { value, place } of leaves(itemsOf(fields, key))) if (!texts.has(value)) texts.set(value, place);
  return [...texts].map(([text, place]) => ({ text, place }));
}

export function namesOf(fields: Fields, key: string): readonly string[] {
  return textsOf(fields, key).map(({ text }) => text);
}

/** All texts of a list, also those that are there twice: arguments of a command. */
export function argumentsOf(tree: Tree | undefined): readonly string[] {
  return tree?.kind === "list" ? leaves(tree.items).map(({ value }) => value) : [];
}

export function mapOf(fields: Fields, key: string): Readonly<Record<string, string>> {
  const tree = fields.get(key);
  return tree?.kind === "map" ? recordOf(tree.entries) : {};
}

export function recordOf(entries: Fields): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...entries].flatMap(([key, tree]) =>
      tree.kind === "leaf" && tree.value !== null ? [[key, String(tree.value)]] : [],
    ),
  );
}

function leaves(trees: readonly Tree[]): readonly { readonly value: string; readonly place: Place }[] {
  return trees.flatMap((tree) =>
    tree.kind === "leaf" && tree.value !== null ? [{ value: String(tree.value), place: tree.place }] : [],
  );
}
