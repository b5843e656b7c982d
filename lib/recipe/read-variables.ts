import { argumentsOf, flagOf, itemsOf, leafOf, textOf, timeOf } from "./fields.js";
import { type MapTree, positionOf, type Tree } from "./recipe-tree.js";
import type { Variable } from "./recipe.js";

/** Reads `vars`: texts, and maps of what the command line may set. */
export function readVariables(entries: ReadonlyMap<string, Tree>): readonly Variable[] {
  return [...entries].flatMap(([name, tree]) => {
    if (tree.kind === "map") return [readVariable(name, tree)];
    if (tree.kind === "list" || tree.value === null) return [];
    return [
      { ...plain, name, isDeclared: false, text: String(tree.value), at: positionOf(tree.place, "key") },
    ];
  });
}

/** Reads the `args` of a task. */
export function readArguments(entries: ReadonlyMap<string, Tree>): readonly Variable[] {
  return itemsOf(entries, "args").flatMap((tree) =>
    tree.kind === "map" ? [readVariable(textOf(tree.entries, "name") ?? "", tree)] : [],
  );
}

/** Default time limit of a command that prints a value, in ms. */
const commandMs = 10_000;

const plain = { timeoutMs: commandMs, type: "text", choices: [], optional: false, variadic: false } as const;

function readVariable(name: string, { place, entries }: MapTree): Variable {
  const [help, text] = [textOf(entries, "help"), textOf(entries, "default")];
  const command = argumentsOf(entries.get("command"));
  const variadic = flagOf(entries, "variadic");
  return {
    name,
    isDeclared: true,
    ...(help === undefined ? {} : { help }),
    ...(text === undefined ? {} : { text }),
    ...(command.length === 0 ? {} : { command }),
    timeoutMs: timeOf(entries, "timeout") ?? commandMs,
    choices: argumentsOf(entries.get("choices")),
    type: (textOf(entries, "type") ?? "text") as Variable["type"],
    optional: (leafOf(entries, "optional") ?? variadic) === true,
    variadic,
    at: positionOf(place, "key"),
  };
}
