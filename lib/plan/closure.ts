import type { Recipe } from "../recipe/types.js";

/** Every task that could be of use to `tasks`: them, and what can provide what they need or want, and so on. */
export function usableTasks(recipe: Recipe, tasks: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const facts = new Set<string>();
  const open = tasks.toReversed();
  const addFact = (name: string): void => {
    if (facts.has(name)) return;
    facts.add(name);
    const fact = recipe.facts.get(name);
    open.push(...(fact?.providers ?? []).toReversed());
    if (fact?.providers.length === 0) fact.requires.forEach(addRequired);
  };
  // Requirements of facts that nothing provides are sought in their place; their chain may be long.
  const requiredFacts: string[] = [];
  const addRequired = (name: string): void => void requiredFacts.push(name);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const task = recipe.tasks.get(name);
    if (task === undefined || found.has(name)) continue;
    found.add(name);
    for (const fact of [...task.needs, ...task.wants].toReversed()) addFact(fact);
    for (let fact = requiredFacts.pop(); fact !== undefined; fact = requiredFacts.pop()) addFact(fact);
  }
  return [...found];
}
