import type { Problem } from "../failure/failure.js";
import { factsOf } from "./read-check.js";
import { type Cycle, type Edge, findCycles } from "./cycles.js";
import { readHooks } from "./hooks.js";
import { itemsOf, textsOf } from "./fields.js";
import type { MergedRecipe } from "./merge-layers.js";
import { usesIn } from "./outputs.js";
import { type Place, problemAt } from "./recipe-tree.js";
import type { Fact, Task } from "./recipe.js";

/** Returns problems of order: tasks that depend on themselves, and facts whose checks do. */
export function checkOrder(
  merged: MergedRecipe,
  facts: ReadonlyMap<string, Fact>,
  tasks: ReadonlyMap<string, Task>,
): readonly Problem[] {
  const list = (
    name: string,
    section: "facts" | "tasks",
    field: string,
    kind: string,
  ): readonly Edge<Place>[] =>
    textsOf(merged[section].get(name)?.entries ?? new Map(), field).map(({ text, place }) => ({
      to: `${kind}:${text}`,
      tag: place,
    }));

  const requires = (name: string): readonly Edge<Place>[] => list(name, "facts", "requires", "fact");
  const checks = findCycles(keys("fact", facts), (node) => {
    const name = nameOf(node);
    const fact = facts.get(name);
    const place = merged.facts.get(name)?.entries.get("check")?.place;
    const derived =
      fact === undefined || place === undefined
        ? []
        : factsOf(fact.check).map((to) => ({ to: `fact:${to}`, tag: place }));
    return [...requires(name), ...derived];
  });

  const work = findCycles(keys("task", tasks), (node) => {
    const name = nameOf(node);
    if (node.startsWith("task:")) {
      const place = merged.tasks.get(name)?.place;
      const after = itemsOf(merged.tasks.get(name)?.entries ?? new Map(), "finally");
      const cleanup = (tasks.get(name)?.finally ?? []).map(({ task }, index) => ({
        to: `task:${task}`,
        tag: after[index]?.place ?? place,
      }));
      return [
        ...list(name, "tasks", "needs", "fact"),
        ...hooksBefore(merged, tasks.get(name)),
        ...impliedNeeds(merged, tasks.get(name)),
        ...used(merged, name, tasks),
        ...list(name, "tasks", "wants", "fact"),
        ...cleanup.flatMap(({ to, tag }) => (tag === undefined ? [] : [{ to, tag }])),
      ];
    }
    const providers = facts.get(name)?.providers ?? [];
    const place = merged.facts.get(name)?.place;
    if (providers.length === 0) return requires(name);
    return place === undefined
      ? []
      : providers.map((task) => ({ to: `task:${task}`, tag: merged.tasks.get(task)?.place ?? place }));
  });

  const word = ({ nodes, tag }: Cycle<Place>): Problem =>
    problemAt(tag, `a cycle: ${nodes.map(nameOf).join(" → ")}`, {
      part: tag.path.length === 2 ? "key" : "value",
    });
  return [...checks, ...work].map(word);
}

/** Returns the hooks that run before a task. */
function hooksBefore(merged: MergedRecipe, task: Task | undefined): readonly Edge<Place>[] {
  if (task === undefined || !task.clears.includes(readHooks(merged).fact)) return [];
  return textsOf(merged.hooks, "before_lock").map(({ text, place }) => ({ to: `task:${text}`, tag: place }));
}

/** Returns the needs of a task that it does not list: those of one that runs in the container. */
function impliedNeeds(merged: MergedRecipe, task: Task | undefined): readonly Edge<Place>[] {
  const entries = merged.tasks.get(task?.name ?? "")?.entries;
  const place = entries?.get("in")?.place;
  if (task === undefined || entries === undefined || place === undefined) return [];
  const listed = textsOf(entries, "needs").map(({ text }) => text);
  return task.needs
    .filter((name) => !listed.includes(name))
    .map((name) => ({ to: `fact:${name}`, tag: place }));
}

/** Returns the tasks that a task runs because it uses their outputs. */
function used(merged: MergedRecipe, name: string, tasks: ReadonlyMap<string, Task>): readonly Edge<Place>[] {
  return usesIn(merged.tasks.get(name)).flatMap(({ task, place }) => {
    // a cleanup uses what the task has printed already
    const isCleanup = tasks.get(task)?.finally.some((entry) => entry.task === name) === true;
    return isCleanup ? [] : [{ to: `task:${task}`, tag: place }];
  });
}

function* keys(kind: string, entries: ReadonlyMap<string, unknown>): Generator<string> {
  for (const name of entries.keys()) yield `${kind}:${name}`;
}

function nameOf(node: string): string {
  return node.slice(node.indexOf(":") + 1);
}
