import { taskGraph, toMermaid } from "../lib/plan/graph.js";
import { recipeOf } from "../lib/session/open-project.js";

const block = /(<!-- recipe: [^>]*-->\n\n)```mermaid\n[^]*?```\n(\n<!-- \/recipe -->)/;

/** Returns the README's text with the picture of the built-in recipe's `enter`, without its internal tasks. */
export async function withRecipeGraph(readme: string): Promise<string> {
  if (!block.test(readme)) throw new Error("README.md has no block for the recipe");
  const recipe = await recipeOf();
  if (!recipe.ok) throw new Error(JSON.stringify(recipe.failure));
  const isPublic = (name: string): boolean => recipe.value.tasks.get(name)?.internal === false;
  const all = taskGraph(recipe.value, recipe.value.goals.get("enter")?.run ?? []);
  const shown = {
    tasks: all.tasks.filter(isPublic),
    edges: all.edges.filter(({ from, to }) => isPublic(from) && isPublic(to)),
  };
  const picture = toMermaid(shown, new Set());
  return readme.replace(
    block,
    (_, before: string, after: string) => `${before}\`\`\`mermaid\n${picture}\n\`\`\`\n${after}`,
  );
}
