import { argumentsOf, flagOf, itemsOf, leafOf, textOf } from "./fields.js";
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

const plain = { type: "text", choices: [], optional: false, variadic: false } as const;

function readVariable(name: string, { place, entries }: MapTree): Variable {
  const [help, text] = [textOf(entries, "help"), textOf(entries, "default")];
  const variadic = flagOf(entries, "variadic");
  return {
    name,
    isDeclared: true,
    ...(help === undefined ? {} : { help }),
    ...(text === undefined ? {} : { text }),
    choices: argumentsOf(entries.get("choices")),
    type: (textOf(entries, "type") ?? "text") as Variable["type"],
    optional: (leafOf(entries, "optional") ?? variadic) === true,
    variadic,
    at: positionOf(place, "key"),
  };
}
