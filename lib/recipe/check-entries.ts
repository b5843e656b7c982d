import type { Problem } from "../failure/failure.js";
import { factsOf, isDerived } from "./read-check.js";
import { checkInContainer } from "./in-container.js";
import { itemsOf, leafOf, textsOf } from "./fields.js";
import type { MergedRecipe } from "./merge-layers.js";
import { type MapTree, type Place, problemAt, formatPlace } from "./recipe-tree.js";
import type { Fact, Task } from "./recipe.js";

/** Returns problems within one entry that only show after merging, so the schema cannot find them. */
export function checkEntries(
  merged: MergedRecipe,
  facts: ReadonlyMap<string, Fact>,
  tasks: ReadonlyMap<string, Task>,
): readonly Problem[] {
  return [
    ...[...merged.facts].flatMap(([name, tree]) => checkFact(name, tree, facts.get(name))),
    ...[...merged.tasks].flatMap(([name, tree]) => [
      ...checkTask(name, tree, tasks.get(name)),
      ...checkInContainer(name, tree, merged),
    ]),
    ...[...merged.goals].flatMap(([name, tree]) =>
      itemsOf(tree.entries, "run").length > 0
        ? []
        : [
            problemAt(tree.place, `the goal "${name}" has no tasks`, {
              part: "key",
              hint: "name its tasks: run: [a, b]",
            }),
          ],
    ),
    ...checkNames(merged),
  ];
}

function checkFact(name: string, tree: MapTree, fact: Fact | undefined): readonly Problem[] {
  if (fact === undefined)
    return [
      problemAt(tree.place, `the fact "${name}" has no check`, {
        part: "key",
        hint: "add one: check: { exists: PATH }, or env, command, script",
      }),
    ];
  const place = tree.entries.get("check")?.place;
  if (place === undefined || isDerived(fact.check) || factsOf(fact.check).length === 0) return [];
  return [
    problemAt(place, "a check of facts cannot contain other checks", {
      hint: "make the other check a fact of its own",
    }),
  ];
}

function checkTask(name: string, { entries }: MapTree, task: Task | undefined): readonly Problem[] {
  const problems: Problem[] = [];
  const [script, cmds, retries] = [entries.get("script"), entries.get("cmds"), entries.get("retries")];
  if (script !== undefined && cmds !== undefined) {
    const [later, other] =
      script.place.layer === cmds.place.layer || cmds.place.layer.builtin ? [script, cmds] : [cmds, script];
    const name2 = later === script ? "cmds" : "script";
    problems.push(
      problemAt(later.place, `the task "${name}" has both script and cmds`, {
        hint: `the other is at ${formatPlace(other.place)}; ${name2}: null removes it`,
      }),
    );
  }
  if (retries !== undefined && task?.interactive === true && task.retries > 0) {
    problems.push(
      problemAt(retries.place, `the task "${name}" is interactive, and interactive tasks are never retried`, {
        hint: "remove retries",
      }),
    );
  }
  for (const { text, place } of textsOf(entries, "clears")) {
    if (task?.provides.includes(text))
      problems.push(problemAt(place, `the task "${name}" both provides and clears "${text}"`));
  }
  if (leafOf(entries, "internal") === true && textsOf(entries, "aliases").length > 0) {
    problems.push(
      problemAt(
        entries.get("aliases")?.place as Place,
        `the task "${name}" is internal, so an alias has no effect`,
      ),
    );
  }
  return problems;
}

/** Checks that names of tasks and goals, and their aliases, are unique: users call all of them by name. */
function checkNames(merged: MergedRecipe): readonly Problem[] {
  const taken = new Map<string, { readonly what: string; readonly place: Place }>();
  const problems: Problem[] = [];
  const take = (name: string, what: string, place: Place, part: "key" | "value"): void => {
    const other = taken.get(name);
    if (other === undefined) taken.set(name, { what, place });
    else
      problems.push(
        problemAt(place, `the name "${name}" is already ${other.what}, at ${formatPlace(other.place)}`, {
          part,
        }),
      );
  };
  for (const [name, { place }] of merged.tasks) take(name, "a task", place, "key");
  for (const [name, { place }] of merged.goals) take(name, "a goal", place, "key");
  for (const section of [merged.tasks, merged.goals]) {
    for (const [name, { entries }] of section)
      for (const { text, place } of textsOf(entries, "aliases"))
        take(text, `an alias of "${name}"`, place, "value");
  }
  return problems;
}
