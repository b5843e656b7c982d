import { factsOf } from "../recipe/read-check.js";
import type { Recipe } from "../recipe/recipe.js";
import { type FlagName, flags } from "./flags.js";

/** Returns the flags of tasks and of all tasks that they may reach by needs, wants and `finally`. */
export function flagsOf(recipe: Recipe, tasks: readonly string[]): ReadonlySet<FlagName> {
  const found = new Set<FlagName>();
  const seen = new Set<string>();
  // a list instead of the call stack, so that a chain may have any length
  const queue = tasks.map((name) => ({ kind: "task", name }));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { kind, name } = next;
    const key = `${kind} ${name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const add = (what: string, names: readonly string[]): void =>
      void queue.push(...names.map((one) => ({ kind: what, name: one })));
    if (kind === "task") {
      const task = recipe.tasks.get(name);
      if (task === undefined) continue;
      for (const flag of task.flags) if (flag in flags) found.add(flag as FlagName);
      add("fact", [...task.needs, ...task.wants]);
      add(
        "task",
        task.finally.map((entry) => entry.task),
      );
    } else {
      const fact = recipe.facts.get(name);
      if (fact === undefined) continue;
      add("fact", [...fact.requires, ...factsOf(fact.check)]);
      add("task", fact.providers);
    }
  }
  return found;
}
