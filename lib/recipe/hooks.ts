import { namesOf } from "./fields.js";
import type { MergedRecipe } from "./merge-layers.js";
import type { Hooks } from "./recipe.js";

/** The fact of the hooks, and their names in a recipe. */
const fact = "vault-open";

/** Reads `hooks`. */
export function readHooks({ hooks }: MergedRecipe): Hooks {
  return { fact, afterTrue: namesOf(hooks, "after_unlock"), beforeFalse: namesOf(hooks, "before_lock") };
}
