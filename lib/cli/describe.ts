import { render } from "../recipe/render.js";
import type { Task } from "../recipe/recipe.js";
import type { Arguments } from "../run/arguments.js";
import { open } from "../session/open.js";
import { reportFailure } from "../run/report.js";
import { printResult } from "../host/screen.js";
import { byName, findTarget } from "./target.js";

/** `tazpod TASK --help`: what a goal or task is for, and what it hangs on. */
export async function describeCommand(args: Arguments, word: string): Promise<number> {
  const setting = await open(args.project, args.options, { skipTrustCheck: true });
  if (!setting.ok) return reportFailure(setting.failure, args.json);
  const { recipe, services } = setting.value;
  const target = findTarget(recipe, [word]);
  if (!target.ok) return reportFailure(target.failure, args.json);
  const one = byName(recipe.goals, word) ?? (byName(recipe.tasks, word) as Task);
  const vars = services.vars(recipe, "action" in one ? one : undefined);
  const list = (title: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`${title.padEnd(10)}${names.join(", ")}`];
  const more =
    "action" in one
      ? [
          ...list("needs", one.needs),
          ...list("wants", one.wants),
          ...list("provides", one.provides),
          ...list("clears", one.clears),
          ...list(
            "finally",
            one.finally.map(({ task }) => task),
          ),
        ]
      : list("runs", one.run);
  const head = `${one.name}: ${render(one.desc ?? "", vars)}`;
  const text = [
    head,
    ...(one.summary === undefined ? [] : ["", render(one.summary.trimEnd(), vars)]),
    "",
    ...more,
    ...list("from", [`${one.at.file}:${one.at.line}`]),
  ];
  printResult([...text, "", "Options: see `tazpod --help`."].join("\n"));
  return 0;
}
