import { nearest } from "../document/nearest.js";
import type { Target } from "../plan/plan.js";
import type { Goal, Recipe, Task } from "../recipe/recipe.js";
import { fail, ok, type Result } from "../failure/result.js";
import { commandNames } from "./help.js";

/** The goal or task a user means by a word: its name or an alias. Failure: `unknown-name` with the nearest. */
export function findTarget(recipe: Recipe, words: readonly string[]): Result<Target> {
  const [word, extra] = words;
  if (word === undefined)
    return fail({
      kind: "usage",
      message: "Which goal or task?",
      hint: `Known: ${names(recipe).join(", ")}.`,
    });
  if (extra !== undefined) {
    return fail({
      kind: "usage",
      message: `One goal or task at a time: "${extra}" is one too many.`,
      hint: "A command for the shell goes behind --.",
    });
  }
  const goal = byName(recipe.goals, word);
  if (goal) return ok({ name: goal.name, tasks: goal.run, named: false });
  const task = byName(recipe.tasks, word);
  if (task && !task.internal) return ok({ name: task.name, tasks: [task.name], named: true });
  const close = nearest(word, [...names(recipe), ...commandNames]);
  return fail({
    kind: "unknown-name",
    what: "command, goal or task",
    name: word,
    ...(close === undefined ? { known: names(recipe) } : { nearest: close }),
  });
}

export function byName<T extends Goal | Task>(all: ReadonlyMap<string, T>, word: string): T | undefined {
  return all.get(word) ?? [...all.values()].find((one) => one.aliases.includes(word));
}

function names(recipe: Recipe): string[] {
  return [
    ...recipe.goals.keys(),
    ...[...recipe.tasks.values()].filter((task) => !task.internal).map((task) => task.name),
  ];
}
