import { dirname } from "node:path";
import type { Document } from "../document/document.js";
import type { Path } from "../document/schema.js";
import type { Position, Problem } from "../failure/failure.js";

/** One file of a recipe. */
export interface Layer {
  /** The path it was read from; messages use `document.path`. */
  readonly file: string;
  readonly document: Document;
  readonly builtin: boolean;
  /** The prefix of the names that it defines, `vpn:`; empty for none. */
  readonly prefix: string;
}

/** A position in a layer. */
export interface Place {
  readonly layer: Layer;
  readonly path: Path;
}

/** A value of a recipe; every part knows where it was written, even after merging. */
export type Tree = MapTree | ListTree | Leaf;

/** A map. */
export interface MapTree {
  readonly kind: "map";
  readonly place: Place;
  readonly entries: ReadonlyMap<string, Tree>;
}

interface ListTree {
  readonly kind: "list";
  readonly place: Place;
  readonly items: readonly Tree[];
}

interface Leaf {
  readonly kind: "leaf";
  readonly place: Place;
  readonly value: string | number | boolean | null;
}

/** Returns the tree of one file. */
export function treeOf(layer: Layer, value: unknown = layer.document.value, path: Path = []): Tree {
  const place = { layer, path };
  if (Array.isArray(value))
    return { kind: "list", place, items: value.map((item, index) => treeOf(layer, item, [...path, index])) };
  if (typeof value === "object" && value !== null) {
    return {
      kind: "map",
      place,
      entries: new Map(
        Object.entries(value).map(([key, item]) => [key, treeOf(layer, item, [...path, key])]),
      ),
    };
  }
  const leaf = value as Leaf["value"];
  return { kind: "leaf", place, value: typeof leaf === "string" ? withRecipeFolder(leaf, layer) : leaf };
}

/** Replaces `{{recipe_dir}}` with the folder of the file, since a text may move to another recipe when they are merged. */
function withRecipeFolder(text: string, { file }: Layer): string {
  return text.replaceAll(/\{\{\s*recipe_dir\s*\}\}/g, () => dirname(file));
}

/** Tells whether a value is null, which removes an entry. */
export function isNull(tree: Tree): boolean {
  return tree.kind === "leaf" && tree.value === null;
}

/** Returns the position of a place in its file. */
export function positionOf({ layer, path }: Place, part: "key" | "value" = "value"): Position {
  return layer.document.locate(path, part);
}

/** Returns a problem at a place. */
export function problemAt(
  { layer, path }: Place,
  message: string,
  options?: Parameters<Document["problem"]>[2],
): Problem {
  return layer.document.problem(path, message, options);
}

/** Formats a place as "tazpod.tasks.yaml:12", for messages about a second place. */
export function formatPlace(place: Place): string {
  const { file, line } = positionOf(place, "key");
  return `${file}:${line}`;
}
