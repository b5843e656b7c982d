import { didYouMean } from "../document/nearest.js";
import type { Problem } from "../failure/failure.js";
import type { MergedRecipe } from "./merge-layers.js";
import { type Place, problemAt, type Tree } from "./recipe-tree.js";
import type { Task } from "./recipe.js";
import { placeholders } from "./render.js";

/** The name of an output in a placeholder, `tasks.TASK.NAME`. */
interface OutputName {
  readonly task: string;
  /** Empty if the text names none. */
  readonly output: string;
}

/** What the name of an output starts with in a placeholder. */
const outputPrefix = "tasks.";

/** Returns the name of an output in a placeholder. */
export function outputName(task: string, output: string): string {
  return `${outputPrefix}${task}.${output}`;
}

/** Returns the output that a placeholder stands for; undefined for any other placeholder. */
export function outputOf(name: string): OutputName | undefined {
  if (!name.startsWith(outputPrefix)) return undefined;
  const [task = "", ...rest] = name.slice(outputPrefix.length).split(".");
  return { task, output: rest.join(".") };
}

/** Returns the outputs that texts use; `texts` is any data with texts. */
export function outputsIn(texts: unknown): readonly OutputName[] {
  return placeholders(JSON.stringify(texts)).flatMap((name) => outputOf(name) ?? []);
}

/** Returns the outputs that the texts of a tree use, each with its place. */
export function usesIn(tree: Tree | undefined): readonly (OutputName & { readonly place: Place })[] {
  if (tree?.kind === "map") return [...tree.entries.values()].flatMap(usesIn);
  if (tree?.kind === "list") return tree.items.flatMap(usesIn);
  if (typeof tree?.value !== "string" || !tree.value.includes(outputPrefix)) return [];
  const { place } = tree;
  return outputsIn(tree.value).map((used) => ({ ...used, place }));
}

/** Renames tasks in the placeholders of their outputs. */
export function renameOutputs<T extends Tree>(tree: T, rename: (task: string) => string): T {
  const below = (one: Tree): Tree => renameOutputs(one, rename);
  if (tree.kind === "map")
    return { ...tree, entries: new Map([...tree.entries].map(([key, one]) => [key, below(one)])) };
  if (tree.kind === "list") return { ...tree, items: tree.items.map(below) };
  if (typeof tree.value !== "string") return tree;
  const value = tree.value.replaceAll(
    /(\{\{\s*tasks\.)([^.\s{}]+)/g,
    (_, before: string, task: string) => `${before}${rename(task)}`,
  );
  return { ...tree, value };
}

/** Returns what is wrong with the name of an output; undefined if there is such an output. */
export function outputProblem(
  { task, output }: OutputName,
  tasks: ReadonlyMap<string, Task>,
): { readonly message: string; readonly hint?: string | undefined } | undefined {
  const named = tasks.get(task);
  if (named === undefined)
    return { message: `there is no task "${task}"`, hint: didYouMean(task, tasks.keys()) };
  if (named.outputs.includes(output)) return undefined;
  const known = named.outputs.map((one) => `{{${outputName(task, one)}}}`);
  if (output === "" && known.length > 0)
    return { message: `{{${outputPrefix}${task}}} names no output`, hint: `known: ${known.join(", ")}` };
  return {
    message: `the task "${task}" has no output "${output}"`,
    hint:
      didYouMean(output, named.outputs) ??
      (known.length === 0
        ? "give it one: outputs: { NAME: { from: stdout } }"
        : `known: ${known.join(", ")}`),
  };
}

/** Returns problems of `outputs`: those of tasks that print nothing that could be kept. */
export function checkOutputs(
  { tasks: trees }: MergedRecipe,
  tasks: ReadonlyMap<string, Task>,
): readonly Problem[] {
  return [...tasks.values()].flatMap((task) => {
    const place = trees.get(task.name)?.entries.get("outputs")?.place;
    const why = task.outputs.length === 0 ? undefined : whyNone(task);
    if (place === undefined || why === undefined) return [];
    return [problemAt(place, `the task "${task.name}" has outputs, but ${why}`, { part: "key" })];
  });
}

function whyNone({ action, interactive }: Task): string | undefined {
  if (interactive) return "it is interactive, so its programs print on the terminal only";
  if (action.kind === "none") return "it runs nothing";
  const isBuiltin = action.kind === "script" && action.script.kind === "builtin";
  return isBuiltin ? "its script comes with tazpod and prints none" : undefined;
}
