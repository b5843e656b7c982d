import { renameOutputs } from "./outputs.js";
import { type Layer, type MapTree, type Tree, treeOf } from "./recipe-tree.js";

/** Names of entries, as `section name`. */
type Names = ReadonlySet<string>;

/** Fields that refer to facts, or to tasks, by section. */
const factFields = new Set(["needs", "wants", "provides", "clears", "requires"]);
const taskFields = new Set(["providers", "run", "after_unlock", "before_lock"]);

/**
 * Returns the new entries that the layers of each prefix define, and those of the recipes that they extend with a prefix of
 * their own: `b:up`. What they only change keeps its name.
 */
export function definedNames(layers: readonly Layer[]): ReadonlyMap<string, Names> {
  const defined = new Map<string, Set<string>>();
  for (const layer of layers) {
    if (layer.prefix === "") continue;
    const names = defined.get(layer.prefix) ?? new Set();
    defined.set(layer.prefix, names);
    const tree = treeOf(layer);
    for (const section of ["facts", "tasks", "goals"])
      for (const [name, entry] of entriesOf(tree.kind === "map" ? tree.entries.get(section) : undefined)) {
        const isNew = entry.kind === "map" ? entry.entries.get("new") : undefined;
        if (isNew?.kind === "leaf" && isNew.value === true) names.add(`${section} ${name}`);
      }
  }
  const own = [...defined].map(([prefix, names]) => [prefix, [...names]] as const);
  for (const [prefix, names] of defined)
    for (const [longer, inner] of own)
      if (longer !== prefix && longer.startsWith(prefix))
        for (const name of inner) names.add(name.replace(" ", ` ${longer.slice(prefix.length)}`));
  return defined;
}

/** Returns the tree of a layer, with its prefix on the names it defines, where they stand and where they are used. */
export function withPrefix(layer: Layer, names: Names): Tree {
  const { prefix } = layer;
  const written = treeOf(layer);
  if (prefix === "" || written.kind !== "map") return written;

  const rename = (section: string, name: string): string =>
    names.has(`${section} ${name}`) ? `${prefix}${name}` : name;
  const tree = renameOutputs(written, (task) => rename("tasks", task));
  const reference = (section: string) => (leaf: Tree) =>
    leaf.kind === "leaf" && typeof leaf.value === "string"
      ? { ...leaf, value: rename(section, leaf.value) }
      : leaf;
  const inCheck =
    (subject: string) =>
    (tree2: Tree): Tree => {
      if (tree2.kind === "list") return { ...tree2, items: tree2.items.map(inCheck(subject)) };
      if (tree2.kind === "leaf") return tree2;
      const entries = mapEntries(tree2, (key, below) =>
        key === "fact"
          ? reference("facts")(below)
          : ["not", "all", "any"].includes(key)
            ? inCheck(subject)(below)
            : below,
      );
      const script = tree2.entries.get("script");
      // a script exports its check under the name without the prefix
      if (script !== undefined && !entries.has("check"))
        entries.set("check", { kind: "leaf", place: script.place, value: subject });
      return { ...tree2, entries };
    };
  const inEntry =
    (subject: string) =>
    (key: string, field: Tree): Tree => {
      if (factFields.has(key)) return inList(field, reference("facts"));
      if (taskFields.has(key)) return inList(field, reference("tasks"));
      if (key === "aliases")
        return inList(field, (leaf) =>
          leaf.kind === "leaf" ? { ...leaf, value: `${prefix}${leaf.value}` } : leaf,
        );
      if (key === "check") return inCheck(subject)(field);
      if (key === "preconditions")
        return inList(field, (item) =>
          inMap(item, (name, below) => (name === "check" ? inCheck(subject)(below) : below)),
        );
      if (key !== "finally") return field;
      return inList(field, (item) =>
        item.kind === "leaf"
          ? reference("tasks")(item)
          : inMap(item, (name, below) => reference(name === "task" ? "tasks" : "facts")(below)),
      );
    };

  return inMap(tree, (section, entries) => {
    if (section === "hooks") return inMap(entries, inEntry(""));
    if (!["facts", "tasks", "goals"].includes(section) || entries.kind !== "map") return entries;
    const renamed = [...entries.entries].map(
      ([name, entry]) => [rename(section, name), inMap(entry, inEntry(name))] as const,
    );
    return { ...entries, entries: new Map(renamed) };
  });
}

/** Changes the items of a list, and those that `prepend` and `append` add to one. */
function inList(tree: Tree, change: (item: Tree) => Tree): Tree {
  if (tree.kind === "list") return { ...tree, items: tree.items.map(change) };
  return inMap(tree, (_, below) => inList(below, change));
}

function inMap(tree: Tree, change: (key: string, value: Tree) => Tree): Tree {
  return tree.kind === "map" ? { ...tree, entries: mapEntries(tree, change) } : tree;
}

function mapEntries(tree: MapTree, change: (key: string, value: Tree) => Tree): Map<string, Tree> {
  return new Map([...tree.entries].map(([key, value]) => [key, change(key, value)]));
}

function entriesOf(tree: Tree | undefined): Iterable<readonly [string, Tree]> {
  return tree?.kind === "map" ? tree.entries : [];
}
