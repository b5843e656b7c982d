import type { Recipe } from "../recipe/recipe.js";
import type { Facts } from "./facts.js";
import type { Interrupts } from "./interrupts.js";
import type { Progress } from "./progress.js";
import type { Services } from "../session/services.js";

/** All that a run of a recipe works with. */
export interface Run {
  readonly recipe: Recipe;
  readonly services: Services;
  readonly facts: Facts;
  readonly interrupts: Interrupts;
  readonly progress: Progress;
}
