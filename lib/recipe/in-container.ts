import type { Problem } from "../failure/failure.js";
import type { MergedRecipe } from "./merge-layers.js";
import { type MapTree, problemAt } from "./recipe-tree.js";
import type { Task } from "./recipe.js";

/** The facts that a task in the container needs: it is there, and has the current project. */
const needed = ["container", "workspace"];

/** Adds to a task that runs in the container what it needs, and that its changes to the project are brought back. */
export function withContainer(task: Task, merged: MergedRecipe): Task {
  if (!task.inContainer) return task;
  const facts = needed.filter((name) => merged.facts.has(name) && !task.needs.includes(name));
  const back = { task: "carry-back", unless: "workspace-returned" };
  const isReturned = !merged.tasks.has(back.task) || task.finally.some((entry) => entry.task === back.task);
  return {
    ...task,
    needs: [...facts, ...task.needs],
    finally: isReturned ? task.finally : [...task.finally, back],
  };
}

/** Returns problems of a task that runs in the container. */
export function checkInContainer(
  name: string,
  { entries }: MapTree,
  merged: MergedRecipe,
): readonly Problem[] {
  const where = entries.get("in");
  if (where?.kind !== "leaf" || where.value !== "container") return [];
  const problems: Problem[] = [];
  if (!merged.facts.has("container"))
    problems.push(
      problemAt(where.place, `the task "${name}" runs in the container, but there is no fact "container"`),
    );
  if (!entries.has("cmds"))
    problems.push(
      problemAt(where.place, `the task "${name}" runs in the container, but has no cmds`, {
        hint: "a script runs on this host; cmds: [[./FILE]] runs one in the container",
      }),
    );
  const dotenv = entries.get("dotenv");
  if (dotenv !== undefined)
    problems.push(
      problemAt(dotenv.place, `the task "${name}" runs in the container, where dotenv files have no effect`, {
        part: "key",
        hint: "use `env`, and the vault for secrets",
      }),
    );
  return problems;
}
