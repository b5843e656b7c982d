import { dirname, resolve } from "node:path";
import { didYouMean } from "../document/nearest.js";
import type { Problem } from "../failure/failure.js";
import type { Result } from "../failure/result.js";
import { itemsOf } from "./fields.js";
import { unreadableMessage } from "./read-layers.js";
import type { MergedRecipe } from "./merge-layers.js";
import { type Place, problemAt, type Tree } from "./recipe-tree.js";
import type { ScriptRef } from "./recipe.js";

/** Returns the script that `script: text` refers to: a file of the project, or a built-in script. */
export function scriptRef(text: string, place: Place): ScriptRef {
  if (/^(\.{1,2})?\//.test(text)) return { kind: "file", file: resolve(dirname(place.layer.file), text) };
  return { kind: "builtin", name: text };
}

/** Tells whether a file is named like a script that Node runs. */
export function isJavaScript(file: string): boolean {
  return /\.[cm]?[jt]s$/.test(file);
}

/** Where scripts come from. */
export interface ScriptSources {
  /** Names of the scripts that come with tazpod. */
  readonly builtin: readonly string[];
  /** Returns the text of a project's script; undefined if it does not exist. */
  readonly read: (path: string) => Promise<Result<string | undefined>>;
  /** Formats a path for messages. */
  readonly show: (path: string) => string;
}

/** Returns problems: scripts that do not exist, cannot be read, or are not named like JavaScript. */
export async function checkScripts(
  merged: MergedRecipe,
  sources: ScriptSources,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const place of scriptPlaces(merged)) {
    const ref = scriptRef(place.text, place);
    if (ref.kind === "file") {
      const found = await sources.read(ref.file);
      if (!found.ok)
        problems.push(problemAt(place, unreadableMessage(found.failure, sources.show(ref.file))));
      else if (place.isCheck && !isJavaScript(ref.file))
        problems.push(
          problemAt(place, `${place.text} does not have a script's name`, {
            hint: "a script's name ends in .mjs or .js; use `command` for other programs",
          }),
        );
      else if (found.value !== undefined && !isJavaScript(ref.file) && !found.value.startsWith("#!"))
        problems.push(
          problemAt(place, `${place.text} is neither JavaScript nor a program`, {
            hint: "a script's name ends in .mjs or .js, or the file starts with #! and is executable",
          }),
        );
      else if (found.value === undefined)
        problems.push(
          problemAt(place, `there is no file ${place.text}`, {
            hint: "a script's path is relative to the recipe that names it",
          }),
        );
    } else if (!sources.builtin.includes(ref.name)) {
      const hint =
        didYouMean(ref.name, sources.builtin) ??
        (/[./]/.test(ref.name)
          ? `start a path in the project with ./: "./${ref.name}"`
          : `built-in scripts: ${sources.builtin.join(", ")}`);
      problems.push(problemAt(place, `tazpod has no built-in script "${ref.name}"`, { hint }));
    }
  }
  return problems;
}

interface ScriptPlace extends Place {
  readonly text: string;
  /** The script has to export a check. */
  readonly isCheck: boolean;
}

function* scriptPlaces(merged: MergedRecipe): Generator<ScriptPlace> {
  for (const { entries } of merged.facts.values()) yield* inCheck(entries.get("check"));
  for (const [name, { place, entries }] of merged.tasks) {
    const script = entries.get("script");
    if (script?.kind === "leaf") yield { ...script.place, text: String(script.value), isCheck: false };
    else if (place.layer.builtin && !entries.has("cmds")) yield { ...place, text: name, isCheck: false };
    for (const item of itemsOf(entries, "preconditions"))
      if (item.kind === "map") yield* inCheck(item.entries.get("check"));
  }
}

function* inCheck(tree: Tree | undefined): Generator<ScriptPlace> {
  if (tree?.kind === "list") for (const item of tree.items) yield* inCheck(item);
  if (tree?.kind !== "map") return;
  const script = tree.entries.get("script");
  if (script?.kind === "leaf") yield { ...script.place, text: String(script.value), isCheck: true };
  for (const key of ["not", "all", "any"]) yield* inCheck(tree.entries.get(key));
}
