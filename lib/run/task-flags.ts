import { factsOf } from "../recipe/read-check.js";
import type { Recipe } from "../recipe/recipe.js";
import { type FlagName, flags } from "./flags.js";

/** Returns the flags of tasks and of all tasks that they may reach by needs, wants and `finally`. */
export function flagsOf(recipe: Recipe, tasks: readonly string[]): ReadonlySet<FlagName> {
  const seen = new Set<string>();
  const found = new Set<FlagName>();
  const visitTask = (name: string): void => {
    const task = recipe.tasks.get(name);
    if (task === undefined || seen.has(`task ${name}`)) return;
    seen.add(`task ${name}`);
    for (const flag of task.flags) if (flag in flags) found.add(flag as FlagName);
    for (const fact of [...task.needs, ...task.wants]) visitFact(fact);
    for (const entry of task.finally) visitTask(entry.task);
  };
  const visitFact = (name: string): void => {
    const fact = recipe.facts.get(name);
    if (fact === undefined || seen.has(`fact ${name}`)) return;
    seen.add(`fact ${name}`);
    for (const required of [...fact.requires, ...factsOf(fact.check)]) visitFact(required);
    for (const provider of fact.providers) visitTask(provider);
  };
  tasks.forEach(visitTask);
  return found;
}
