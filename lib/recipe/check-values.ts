import type { Problem } from "../failure/failure.js";
import { readHooks } from "./hooks.js";
import { itemsOf } from "./fields.js";
import type { MergedRecipe } from "./merge-layers.js";
import { type Place, problemAt, type Tree } from "./recipe-tree.js";
import type { Fact, Task, Variable } from "./recipe.js";
import { readVariables } from "./read-variables.js";
import { isRequired, wrongValue } from "./values.js";

/** Returns problems of `args` and `vars`: values that do not fit, names that clash, and values that cannot be given. */
export function checkValues(
  merged: MergedRecipe,
  facts: ReadonlyMap<string, Fact>,
  tasks: ReadonlyMap<string, Task>,
): readonly Problem[] {
  const shared = readVariables(merged.vars).flatMap((variable) => {
    const place = (merged.vars.get(variable.name) as Tree).place;
    const missing = isRequired(variable)
      ? [
          problemAt(place, `the variable "${variable.name}" has no default`, {
            part: "key",
            hint: "a variable of the whole recipe needs `default`, or `optional: true`",
          }),
        ]
      : [];
    return [...missing, ...checkOwn(variable, place)];
  });
  return [
    ...shared,
    ...[...tasks.values()].flatMap((task) =>
      checkTask(merged, task, () => whyUnnamed(merged, task, facts, tasks)),
    ),
  ];
}

function checkTask(
  merged: MergedRecipe,
  task: Task,
  whyItIsUnnamed: () => string | undefined,
): readonly Problem[] {
  const { entries } = merged.tasks.get(task.name) ?? { entries: new Map<string, Tree>() };
  const vars = entries.get("vars");
  const items = itemsOf(entries, "args");
  const problems: Problem[] = [];
  const seen = new Map<string, Variable>();
  let before: Variable | undefined;
  const add = (variable: Variable, place: Place, part: "key" | "value"): void => {
    problems.push(...checkOwn(variable, place));
    const unnamed = isRequired(variable) ? whyItIsUnnamed() : undefined;
    if (unnamed !== undefined)
      problems.push(
        problemAt(place, `the task "${task.name}" needs a value for "${variable.name}", but ${unnamed}`, {
          part,
          hint: "add `default`, or `optional: true`",
        }),
      );
    if (seen.has(variable.name))
      problems.push(problemAt(place, `the task "${task.name}" already has "${variable.name}"`, { part }));
    seen.set(variable.name, variable);
  };
  for (const [index, arg] of task.args.entries()) {
    const place = items[index]?.place;
    if (place === undefined) continue;
    add(arg, place, "value");
    const other = task.args.slice(0, index).find(({ variadic }) => variadic);
    if (arg.variadic && other !== undefined)
      problems.push(problemAt(place, `"${other.name}" takes all words after --, so "${arg.name}" gets none`));
    if (!arg.variadic && isRequired(arg) && before !== undefined && !isRequired(before))
      problems.push(
        problemAt(place, `"${arg.name}" is required, but comes after "${before.name}", which is not`, {
          hint: "put required arguments first",
        }),
      );
    if (!arg.variadic) before = arg;
  }
  for (const variable of task.vars) {
    const place = vars?.kind === "map" ? vars.entries.get(variable.name)?.place : undefined;
    if (place !== undefined) add(variable, place, "key");
  }
  return problems;
}

/** Checks the choices and the default of one variable. */
function checkOwn(variable: Variable, place: Place): readonly Problem[] {
  const { name, text, command, choices, type } = variable;
  if (text !== undefined && command !== undefined)
    return [problemAt(place, `"${name}" has both default and command`, { hint: "remove one of them" })];
  const values = [
    ...choices.map((value) => ({ value, wrong: wrongValue({ choices: [], type }, value) })),
    ...(text === undefined ? [] : [{ value: text, wrong: wrongValue(variable, text) }]),
  ];
  return values.flatMap(({ wrong }) =>
    wrong === undefined ? [] : [problemAt(place, `"${name}" is ${wrong.message}`)],
  );
}

/** Returns how a task may run without being named on the command line, so that its values cannot be given. */
function whyUnnamed(
  merged: MergedRecipe,
  task: Task,
  facts: ReadonlyMap<string, Fact>,
  tasks: ReadonlyMap<string, Task>,
): string | undefined {
  const fact = [...facts.values()].find(({ providers }) => providers.includes(task.name));
  if (fact !== undefined) return `it also runs for the fact "${fact.name}"`;
  const user = [...tasks.values()].find(({ uses }) => uses.includes(task.name));
  if (user !== undefined) return `it also runs for its output, which "${user.name}" uses`;
  const other = [...tasks.values()].find((one) => one.finally.some((entry) => entry.task === task.name));
  const hooks = readHooks(merged);
  if ([...hooks.afterTrue, ...hooks.beforeFalse].includes(task.name)) return "it also runs as a hook";
  return other === undefined ? undefined : `it also runs in the \`finally\` of "${other.name}"`;
}
