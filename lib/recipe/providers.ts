import type { Problem } from "../failure/failure.js";
import { negatedFact } from "./read-check.js";
import { textsOf } from "./fields.js";
import type { MergedRecipe } from "./merge-layers.js";
import { type Place, problemAt } from "./recipe-tree.js";
import type { Fact, Task } from "./recipe.js";

/**
 * Finds the tasks that make each fact true: those that provide it and, for `not: { fact: g }`, those that clear g.
 * Problems: ambiguous providers, and `providers` that do not provide the fact.
 */
export function assignProviders(
  merged: MergedRecipe,
  facts: ReadonlyMap<string, Fact>,
  tasks: ReadonlyMap<string, Task>,
): { readonly facts: Map<string, Fact>; readonly problems: readonly Problem[] } {
  const provide = new Map<string, string[]>();
  const clear = new Map<string, string[]>();
  for (const task of tasks.values()) {
    for (const fact of task.provides) listIn(provide, fact).push(task.name);
    for (const fact of task.clears) listIn(clear, fact).push(task.name);
  }
  const problems: Problem[] = [];
  const assigned = new Map<string, Fact>();
  for (const fact of facts.values()) {
    const negated = negatedFact(fact.check);
    const able = [
      ...new Set([
        ...(provide.get(fact.name) ?? []),
        ...(negated === undefined ? [] : (clear.get(negated) ?? [])),
      ]),
    ];
    const tree = merged.facts.get(fact.name);
    const listed = textsOf(tree?.entries ?? new Map(), "providers");
    if (listed.length === 0 && able.length > 1 && tree !== undefined)
      problems.push(ambiguous(merged, fact.name, able, tree.place));
    for (const { text, place } of listed) {
      if (tasks.has(text) && !able.includes(text))
        problems.push(
          problemAt(place, `the task "${text}" does not provide "${fact.name}"`, {
            hint: able.length === 0 ? undefined : `these tasks do: ${able.join(", ")}`,
          }),
        );
    }
    assigned.set(fact.name, listed.length > 0 ? fact : { ...fact, providers: able });
  }
  return { facts: assigned, problems };
}

function ambiguous(merged: MergedRecipe, fact: string, able: readonly string[], place: Place): Problem {
  const last = merged.tasks.get(able.at(-1) ?? "");
  const entry = [
    ...textsOf(last?.entries ?? new Map(), "provides"),
    ...textsOf(last?.entries ?? new Map(), "clears"),
  ].find(({ text }) => text === fact);
  const list = `${able.slice(0, -1).join(", ")} and ${able.at(-1) ?? ""}`;
  const both = able.length === 2 ? "both" : "all";
  return problemAt(
    entry?.place ?? place,
    `${list} ${both} provide "${fact}", but their order is not defined`,
    {
      part: entry === undefined ? "key" : "value",
      hint: `in the fact "${fact}", list them in order of preference: providers: [${able.join(", ")}]`,
    },
  );
}

function listIn(map: Map<string, string[]>, key: string): string[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}
