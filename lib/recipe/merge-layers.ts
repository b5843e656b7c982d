import { didYouMean } from "../document/nearest.js";
import type { Problem } from "../failure/failure.js";
import { definedNames, withPrefix } from "./namespace.js";
import {
  isNull,
  type Layer,
  type MapTree,
  type Place,
  problemAt,
  formatPlace,
  type Tree,
} from "./recipe-tree.js";

export type Section = "facts" | "tasks" | "goals";
const sections: readonly Section[] = ["facts", "tasks", "goals"];
const listFields = new Set([
  "aliases",
  "after_unlock",
  "args",
  "before_lock",
  "needs",
  "wants",
  "provides",
  "clears",
  "flags",
  "preconditions",
  "finally",
  "cmds",
  "dotenv",
  "requires",
  "providers",
  "run",
]);
const mapFields = new Set(["vars", "env"]);

/** The recipe after merging all layers. */
export interface MergedRecipe {
  readonly facts: Map<string, MapTree>;
  readonly tasks: Map<string, MapTree>;
  readonly goals: Map<string, MapTree>;
  readonly vars: Map<string, Tree>;
  /** The fields of `hooks`. */
  readonly hooks: Map<string, Tree>;
  /** Where removed entries were removed, by `section name`. */
  readonly removed: Map<string, Place>;
}

/** Merges the layers, base first. Problems: new entries without `new: true`, and changed entries with it. */
export function mergeLayers(layers: readonly Layer[]): {
  readonly merged: MergedRecipe;
  readonly problems: readonly Problem[];
} {
  const merged: MergedRecipe = {
    facts: new Map(),
    tasks: new Map(),
    goals: new Map(),
    vars: new Map(),
    hooks: new Map(),
    removed: new Map(),
  };
  const problems: Problem[] = [];
  const defined = definedNames(layers);
  for (const layer of layers) {
    const tree = withPrefix(layer, defined.get(layer.prefix) ?? new Set());
    if (tree.kind !== "map") continue;
    for (const section of sections) {
      const entries = tree.entries.get(section);
      if (entries?.kind === "map") mergeSection(merged, section, entries, problems);
    }
    const vars = tree.entries.get("vars");
    if (vars?.kind === "map") overlay(merged.vars, vars.entries);
    const hooks = tree.entries.get("hooks");
    if (hooks?.kind === "map") {
      const fields = mergeFields(merged.hooks, hooks);
      merged.hooks.clear();
      for (const [name, field] of fields) merged.hooks.set(name, field);
    }
  }
  return { merged, problems };
}

function mergeSection(merged: MergedRecipe, section: Section, over: MapTree, problems: Problem[]): void {
  const what = section.slice(0, -1);
  const known = merged[section];
  // the names that this layer can change
  const names = [...known.keys()];
  for (const [name, entry] of over.entries) {
    const before = known.get(name);
    if (isNull(entry)) {
      if (before === undefined)
        problems.push(
          problemAt(entry.place, `there is no ${what} "${name}" to remove`, {
            part: "key",
            hint: didYouMean(name, names),
          }),
        );
      known.delete(name);
      merged.removed.set(`${section} ${name}`, entry.place);
      continue;
    }
    if (entry.kind !== "map") continue;
    if (!entry.place.layer.builtin) problems.push(...checkNew(what, name, entry, before, names));
    known.set(name, {
      kind: "map",
      place: before?.place ?? entry.place,
      entries: mergeFields(before?.entries, entry),
    });
  }
}

function checkNew(
  what: string,
  name: string,
  entry: MapTree,
  before: MapTree | undefined,
  known: readonly string[],
): readonly Problem[] {
  const flag = entry.entries.get("new");
  const isNew = flag?.kind === "leaf" && flag.value === true;
  if (before !== undefined && isNew) {
    return [
      problemAt(
        flag.place,
        `the ${what} "${name}" is not new: it is defined at ${formatPlace(before.place)}`,
        {
          part: "key",
          hint: "remove `new` to change that one, or use another name",
        },
      ),
    ];
  }
  if (before === undefined && !isNew) {
    const near = didYouMean(name, known);
    const hint = near === undefined ? "a new one needs `new: true`" : `${near} A new one needs \`new: true\``;
    return [problemAt(entry.place, `there is no ${what} "${name}" to change`, { part: "key", hint })];
  }
  return [];
}

function mergeFields(
  before: ReadonlyMap<string, Tree> | undefined,
  over: MapTree,
): ReadonlyMap<string, Tree> {
  const fields = new Map(before);
  for (const [key, value] of over.entries) {
    if (key === "new") continue;
    const old = fields.get(key);
    if (isNull(value)) fields.delete(key);
    else if (value.kind === "map" && listFields.has(key)) fields.set(key, extendList(old, value));
    else if (value.kind === "map" && mapFields.has(key)) {
      const entries = new Map(old?.kind === "map" ? old.entries : undefined);
      overlay(entries, value.entries);
      fields.set(key, { kind: "map", place: value.place, entries });
    } else fields.set(key, value);
  }
  return fields;
}

/** Adds `prepend` and `append` to the inherited list. */
function extendList(old: Tree | undefined, change: MapTree): Tree {
  const items = (tree: Tree | undefined): readonly Tree[] => (tree?.kind === "list" ? tree.items : []);
  return {
    kind: "list",
    place: change.place,
    items: [...items(change.entries.get("prepend")), ...items(old), ...items(change.entries.get("append"))],
  };
}

function overlay(target: Map<string, Tree>, over: ReadonlyMap<string, Tree>): void {
  for (const [key, value] of over) {
    const old = target.get(key);
    if (isNull(value)) target.delete(key);
    else if (value.kind === "map" && old?.kind === "map")
      target.set(key, { ...value, entries: mergeFields(old.entries, value) });
    else target.set(key, value);
  }
}
