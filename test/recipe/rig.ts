import type { Problem } from "../../lib/failure/failure.js";
import { loadRecipe, type RecipeSources } from "../../lib/recipe/load-recipe.js";
import type { Recipe } from "../../lib/recipe/recipe.js";
import type { Result } from "../../lib/failure/result.js";

export interface Files {
  /** The built-in recipe, without its `version` line. */
  readonly builtin?: string;
  /** Other files, by path below /p. */
  readonly files?: Readonly<Record<string, string>>;
  readonly scripts?: readonly string[];
}

const small = `facts:
  here: { check: { exists: here } }
  open: { requires: [here], check: { env: OPEN } }
tasks:
  make: { desc: Make it, provides: [here] }
  unlock: { needs: [here], provides: [open], interactive: true, confirm: "Unlock {{container}}?", env: { A: a } }
  shell: { needs: [here], wants: [open], finally: [lock] }
  lock: { clears: [open] }
goals:
  enter: { run: [shell] }
`;

export function load({
  builtin = small,
  files = {},
  scripts = ["make", "unlock", "shell", "lock"],
}: Files): Promise<Result<Recipe>> {
  const sources: RecipeSources = {
    builtin: { path: "builtin.yaml", text: `version: 1\n${builtin}` },
    root: "/p",
    read: async (path) => ({ ok: true, value: files[path.replace(/^\/p\//, "")] }),
    show: (path) => path.replace(/^\/p\//, ""),
    knownVars: ["container", "remote"],
    builtinScripts: scripts,
  };
  return loadRecipe(sources);
}

/** Loads a project's recipe on top of the small built-in one. */
export async function recipeOf(project: string, others: Files["files"] = {}): Promise<Recipe> {
  const loaded = await load({ files: { ...others, "tazpod.tasks.yaml": `version: 1\n${project}` } });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure, undefined, 2));
  return loaded.value;
}

async function problemsOf(files: Files): Promise<readonly Problem[]> {
  const loaded = await load(files);
  if (loaded.ok) throw new Error("the recipe was taken");
  if (loaded.failure.kind !== "invalid-document") throw new Error(loaded.failure.kind);
  return loaded.failure.problems;
}

/**
 * Returns "file:line:column message (hint)" for a project's recipe on top of the small built-in one, or for a built-in
 * one.
 */
export async function wordsOf(given: string | Files): Promise<readonly string[]> {
  const files =
    typeof given === "string" ? { files: { "tazpod.tasks.yaml": `version: 1\n${given}` } } : given;
  return (await problemsOf(files)).map(
    ({ at, message, hint }) =>
      `${at?.file}:${at?.line}:${at?.column} ${message}${hint === undefined ? "" : ` (${hint})`}`,
  );
}
