import { durationMs } from "../host/human.js";
import type { Place, Tree } from "./recipe-tree.js";

/**
 * The fields of one entry. The schema has checked their types; the functions below return undefined or an empty list
 * for absent fields.
 */
export type Fields = ReadonlyMap<string, Tree>;

/** Returns a field as a string. */
export function textOf(fields: Fields, key: string): string | undefined {
  const leaf = leafOf(fields, key);
  return leaf === undefined ? undefined : String(leaf);
}

/** Tells whether a field is true. */
export function flagOf(fields: Fields, key: string): boolean {
  return leafOf(fields, key) === true;
}

/** Returns a scalar field; undefined for null. */
export function leafOf(fields: Fields, key: string): string | number | boolean | undefined {
  const tree = fields.get(key);
  return tree?.kind === "leaf" && tree.value !== null ? tree.value : undefined;
}

/** Returns a time in ms. */
export function timeOf(fields: Fields, key: string): number | undefined {
  const value = leafOf(fields, key);
  return value === undefined ? undefined : durationMs(value as string | number);
}

/** Returns the items of a list. */
export function itemsOf(fields: Fields, key: string): readonly Tree[] {
  const tree = fields.get(key);
  return tree?.kind === "list" ? tree.items : [];
}

/** Returns the strings of a list with their places, without duplicates. */
export function textsOf(
  fields: Fields,
  key: string,
): readonly { readonly text: string; readonly place: Place }[] {
  const texts = new Map<string, Place>();
  for (const { value, place } of leaves(itemsOf(fields, key))) if (!texts.has(value)) texts.set(value, place);
  return [...texts].map(([text, place]) => ({ text, place }));
}

/** Returns the strings of a list, without duplicates. */
export function namesOf(fields: Fields, key: string): readonly string[] {
  return textsOf(fields, key).map(({ text }) => text);
}

/** Returns the strings of a list, including duplicates, for the arguments of a command. */
export function argumentsOf(tree: Tree | undefined): readonly string[] {
  return tree?.kind === "list" ? leaves(tree.items).map(({ value }) => value) : [];
}

/** Returns a map of strings. */
export function mapOf(fields: Fields, key: string): Readonly<Record<string, string>> {
  const tree = fields.get(key);
  return tree?.kind === "map" ? recordOf(tree.entries) : {};
}

/** Returns the scalar entries as strings. */
function recordOf(entries: Fields): Readonly<Record<string, string>> {
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
