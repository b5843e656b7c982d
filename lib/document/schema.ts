/** What a compiled validator says about one place; ajv's own shape. */
export interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The part of JSON Schema that our schemas use. */
export interface SchemaNode {
  readonly $ref?: string;
  /** What is expected here, in words that fit after "expected". */
  readonly $comment?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly propertyNames?: SchemaNode;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly definitions?: Readonly<Record<string, SchemaNode>>;
}

/** A schema of values of type `T` with its validator, as scripts/generate.mjs writes them. */
export interface Schema<T> {
  readonly validate: ((value: unknown) => value is T) & { errors?: readonly SchemaError[] | null };
  readonly schema: unknown;
}

export type Path = readonly (string | number)[];

/** The schemas that apply at `path` of a value: one, or one for each alternative. */
export function nodesAt(root: SchemaNode, path: Path): readonly SchemaNode[] {
  let nodes = alternatives(root, root);
  for (const key of path) {
    nodes = nodes.flatMap((node) => {
      const below = typeof key === "number" ? node.items : child(node, key);
      return below === undefined ? [] : alternatives(root, below);
    });
  }
  return nodes;
}

/** "a list of paths": what is expected where `nodes` apply. */
export function describe(root: SchemaNode, nodes: readonly SchemaNode[]): string {
  const words = new Set(nodes.flatMap((node) => wordsFor(root, node)));
  return words.size === 0 ? "something else" : [...words].join(" or ");
}

/** Keys that a map may have where `nodes` apply. */
export function knownKeys(nodes: readonly SchemaNode[]): readonly string[] {
  return nodes.flatMap((node) => Object.keys(node.properties ?? {}));
}

function child(node: SchemaNode, key: string): SchemaNode | undefined {
  if (node.properties !== undefined && Object.hasOwn(node.properties, key)) return node.properties[key];
  return typeof node.additionalProperties === "object" ? node.additionalProperties : undefined;
}

/** The node behind references, and the nodes it is a choice of. */
function alternatives(root: SchemaNode, node: SchemaNode): readonly SchemaNode[] {
  if (node.$ref !== undefined) {
    const target = root.definitions?.[node.$ref.replace("#/definitions/", "")];
    return target === undefined ? [] : alternatives(root, target);
  }
  const choices = node.anyOf ?? (isChoice(node) ? node.oneOf : undefined);
  return choices === undefined ? [node] : choices.flatMap((choice) => alternatives(root, choice));
}

/** Whether `oneOf` chooses between kinds of value, and not only between keys of one map. */
function isChoice(node: SchemaNode): boolean {
  return node.oneOf !== undefined && node.properties === undefined;
}

const plainWords: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  object: "a map",
  array: "a list",
};

function wordsFor(root: SchemaNode, node: SchemaNode): readonly string[] {
  if (node.$comment !== undefined) return [node.$comment];
  const values = node.enum ?? (node.const === undefined ? undefined : [node.const]);
  if (values !== undefined) return values.map((value) => JSON.stringify(value));
  const types = typeof node.type === "string" ? [node.type] : (node.type ?? []);
  return types.flatMap((type) => {
    const word = plainWords[type];
    if (word === undefined) return [];
    if (type !== "array" || node.items === undefined) return [word];
    return [
      `a list of ${describe(root, alternatives(root, node.items))
        .replace(/^an? /, "")
        .replace(/^(text|number|map|list)$/, "$1s")}`,
    ];
  });
}
