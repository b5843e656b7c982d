import { render } from "../recipe/render.js";
import type { Goal, Task } from "../recipe/recipe.js";
import { fail } from "../failure/result.js";
import type { Arguments } from "../run/arguments.js";
import { open } from "../session/open.js";
import { reportFailure } from "../run/report.js";
import { printJson, printResult } from "../host/screen.js";
import { printable } from "../host/printable.js";

/** `tazpod list`: what can be named, and what it does. */
export async function listCommand(args: Arguments, words: readonly string[]): Promise<number> {
  if (words.length > 0)
    return reportFailure(fail({ kind: "usage", message: "list takes no name." }).failure, args.json);
  const setting = await open(args.project, args.options, { skipTrustCheck: true });
  if (!setting.ok) return reportFailure(setting.failure, args.json);
  const { recipe, services } = setting.value;
  const tasks = [...recipe.tasks.values()].filter((task) => !task.internal);
  const goals = [...recipe.goals.values()];
  if (args.json) {
    const shape = ({ name, desc, aliases, at }: Goal | Task) => ({
      name,
      desc,
      aliases,
      file: at.file,
      line: at.line,
    });
    printJson({ goals: goals.map(shape), tasks: tasks.map(shape) });
    return 0;
  }
  const builtin = recipe.files[0];
  const width = Math.max(...[...goals, ...tasks].map(({ name }) => name.length));
  const line = (one: Goal | Task, vars: Readonly<Record<string, string>>): string => {
    const also = one.aliases.length === 0 ? "" : `  (also: ${one.aliases.join(", ")})`;
    const from = one.at.file === builtin ? "" : `  ${one.at.file}:${one.at.line}`;
    return `  ${one.name.padEnd(width)}  ${printable(render(one.desc ?? "", vars))}${also}${from}`.trimEnd();
  };
  const text = [
    "Goals:",
    ...goals.map((goal) => line(goal, services.vars(recipe))),
    "",
    "Tasks:",
    ...tasks.map((task) => line(task, services.vars(recipe, task))),
  ];
  printResult(text.join("\n"));
  return 0;
}
