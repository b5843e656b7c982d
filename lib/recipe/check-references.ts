import { didYouMean } from "../document/nearest.js";
import type { Problem } from "../failure/failure.js";
import { itemsOf, textsOf } from "./fields.js";
import type { MergedRecipe, Section } from "./merge-layers.js";
import { type MapTree, type Place, problemAt, formatPlace, type Tree } from "./recipe-tree.js";

/** A name in one entry that refers to another entry. */
interface Reference {
  readonly section: Section;
  readonly name: string;
  readonly place: Place;
}

/** Returns problems: names of facts and tasks that do not exist. */
export function checkReferences(merged: MergedRecipe): readonly Problem[] {
  return [...references(merged)].flatMap(({ section, name, place }) => {
    if (merged[section].has(name)) return [];
    const removed = merged.removed.get(`${section} ${name}`);
    const what = section.slice(0, -1);
    if (removed !== undefined)
      return [
        problemAt(place, `the ${what} "${name}" is used here, but was removed at ${formatPlace(removed)}`),
      ];
    const known = merged[section];
    return [
      problemAt(place, `there is no ${what} "${name}"`, {
        hint: didYouMean(name, known.keys()) ?? otherKind(merged, section, name),
      }),
    ];
  });
}

function otherKind(merged: MergedRecipe, section: Section, name: string): string | undefined {
  if (section === "facts" && merged.tasks.has(name)) return `"${name}" is a task; expected a fact`;
  if (section === "tasks" && merged.facts.has(name)) return `"${name}" is a fact; expected a task`;
  return section === "tasks" && merged.goals.has(name) ? `"${name}" is a goal; expected a task` : undefined;
}

function* references(merged: MergedRecipe): Generator<Reference> {
  for (const fact of merged.facts.values()) {
    yield* listed(fact, "requires", "facts");
    yield* listed(fact, "providers", "tasks");
    yield* inCheck(fact.entries.get("check"));
  }
  for (const task of merged.tasks.values()) {
    for (const field of ["needs", "wants", "provides", "clears"]) yield* listed(task, field, "facts");
    for (const item of itemsOf(task.entries, "preconditions"))
      if (item.kind === "map") yield* inCheck(item.entries.get("check"));
    for (const item of itemsOf(task.entries, "finally")) {
      yield* item.kind === "map"
        ? [...leaf(item.entries.get("task"), "tasks"), ...leaf(item.entries.get("unless"), "facts")]
        : leaf(item, "tasks");
    }
  }
  for (const field of ["after_unlock", "before_lock"])
    for (const { text, place } of textsOf(merged.hooks, field)) yield { section: "tasks", name: text, place };
  for (const goal of merged.goals.values()) yield* listed(goal, "run", "tasks");
}

function listed(tree: MapTree, field: string, section: Section): readonly Reference[] {
  return textsOf(tree.entries, field).map(({ text, place }) => ({ section, name: text, place }));
}

function leaf(tree: Tree | undefined, section: Section): readonly Reference[] {
  return tree?.kind === "leaf" ? [{ section, name: String(tree.value), place: tree.place }] : [];
}

function* inCheck(tree: Tree | undefined): Generator<Reference> {
  if (tree?.kind === "list") for (const item of tree.items) yield* inCheck(item);
  if (tree?.kind !== "map") return;
  yield* leaf(tree.entries.get("fact"), "facts");
  for (const key of ["not", "all", "any"]) yield* inCheck(tree.entries.get(key));
}
