import { ok, type Result } from "../failure/result.js";
import { printHelp } from "../host/screen.js";
import { render } from "../recipe/render.js";
import type { Arguments } from "../run/arguments.js";
import { flagLines, runFlags } from "../run/flags.js";
import { flagsOf } from "../run/task-flags.js";
import { commands, findCommand } from "./commands.js";
import { commandHelp, generalHelp } from "./help.js";
import type { ProjectRun } from "../session/open-project.js";
import { inProject } from "./in-project.js";
import { findNamed } from "./target-words.js";
import { taskUsage, valueLines } from "./usage.js";

/** `tazpod help NAME` and `tazpod NAME --help`: the help of a command, of a group of commands, of a goal or of a task. */
export async function helpCommand(args: Arguments, words: readonly string[]): Promise<number> {
  const [word] = words;
  const found = findCommand(words)?.command;
  const group = commands.filter(({ name }) => name.startsWith(`${word} `));
  const text =
    word === undefined
      ? generalHelp()
      : found
        ? commandHelp(found)
        : group.length > 0
          ? group.map(commandHelp).join("\n\n")
          : undefined;
  if (text === undefined) return inProject(args, (run) => describe(words, run), { skipTrustCheck: true });
  printHelp(text);
  return 0;
}

/** Prints what a goal or task is for, its flags, and the facts it depends on. */
async function describe(words: readonly string[], { recipe, services }: ProjectRun): Promise<Result<void>> {
  const found = findNamed(recipe, words[0] ?? "");
  if (!found.ok) return found;
  const one = found.value;
  const tasks = "run" in one ? one.run : [one.name];
  const values =
    "run" in one ? valueLines([], recipe.vars) : valueLines(one.args, [...one.vars, ...recipe.vars]);
  const vars = services.vars(recipe, "action" in one ? one : undefined);
  const list = (title: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`${title.padEnd(10)}${names.join(", ")}`];
  const relations =
    "action" in one
      ? [
          ...list("needs", one.needs),
          ...list("wants", one.wants),
          ...list("provides", one.provides),
          ...list("clears", one.clears),
          ...list("outputs", one.outputs),
          ...list("uses", one.uses),
          ...list(
            "finally",
            one.finally.map(({ task }) => task),
          ),
        ]
      : list("runs", one.run);
  // a project is created only once
  const initFlags: readonly string[] = services.project.initialised
    ? (recipe.tasks.get("init")?.flags ?? [])
    : [];
  const taken = [...flagsOf(recipe, tasks)].filter((flag) => !initFlags.includes(flag));
  const text = [
    `${one.name}: ${render(one.desc ?? "", vars)}`,
    ...(one.summary === undefined ? [] : ["", render(one.summary.trimEnd(), vars)]),
    "",
    ...relations,
    ...list("from", [`${one.at.file}:${one.at.line}`]),
    "",
    `Usage: ${taskUsage(one)} [FLAGS]`,
    ...(values.length === 0 ? [] : ["", ...values]),
    "",
    ...flagLines([...runFlags, ...taken]),
  ];
  printHelp(text.join("\n"));
  return ok(undefined);
}
