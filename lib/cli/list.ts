import { ok } from "../failure/result.js";
import { printable } from "../host/printable.js";
import { printJson, printResult } from "../host/screen.js";
import { render } from "../recipe/render.js";
import type { Goal, Task } from "../recipe/recipe.js";
import type { Arguments } from "../run/arguments.js";
import type { ProjectRun } from "../session/open-project.js";
import { inProject } from "./in-project.js";
import { nameWithArguments, valuesJson } from "./usage.js";

/** `tazpod list`: lists the goals and tasks that can be named. */
export function listCommand(args: Arguments): Promise<number> {
  const how = { skipTrustCheck: true };
  return inProject(args, async (run) => ok(print(run, args.json)), how);
}

function print({ recipe, services }: ProjectRun, json: boolean): void {
  const tasks = [...recipe.tasks.values()].filter((task) => !task.internal);
  const goals = [...recipe.goals.values()];
  if (json) {
    const shape = ({ name, desc = "", aliases, at, ...one }: Goal | Task) => ({
      name,
      desc: render(desc, services.vars(recipe, "action" in one ? recipe.tasks.get(name) : undefined)),
      aliases,
      file: at.file,
      line: at.line,
    });
    printJson({
      goals: goals.map(shape),
      tasks: tasks.map((task) => ({ ...shape(task), ...valuesJson(task) })),
    });
    return;
  }
  const builtin = recipe.files[0];
  const width = Math.max(...[...goals, ...tasks].map((one) => nameWithArguments(one).length));
  const line = (one: Goal | Task, vars: Readonly<Record<string, string>>): string => {
    const also = one.aliases.length === 0 ? "" : `  (also: ${one.aliases.join(", ")})`;
    const from = one.at.file === builtin ? "" : `  ${one.at.file}:${one.at.line}`;
    return `  ${nameWithArguments(one).padEnd(width)}  ${printable(render(one.desc ?? "", vars))}${also}${from}`.trimEnd();
  };
  const text = [
    "Goals:",
    ...goals.map((goal) => line(goal, services.vars(recipe))),
    "",
    "Tasks:",
    ...tasks.map((task) => line(task, services.vars(recipe, task))),
  ];
  printResult(text.join("\n"));
}
