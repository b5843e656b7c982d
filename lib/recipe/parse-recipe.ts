import { fromPrecompiled, type KeptValues, parsedOnce } from "../document/precompiled.js";
import type { Document, SourceFile } from "../document/document.js";
import type { TasksDocument } from "../generated/tasks.js";
import { ok, type Result } from "../failure/result.js";

/** Parses one recipe file, unless `kept` has it. Loads the YAML parser and the validator only when needed. */
export function parseRecipe(source: SourceFile, kept?: KeptValues): Promise<Result<Document<TasksDocument>>> {
  return parsedOnce(source, "recipe", kept, async () => {
    const [{ parseDocument }, { tasksSchema }] = await Promise.all([
      import("../document/parse-yaml.js"),
      import("./tasks-schema.js"),
    ]);
    return parseDocument(source, tasksSchema);
  });
}

/** Returns the built-in recipe, parsed at build time; parses it if its text differs from the one at build time. */
export async function parseBuiltin(source: SourceFile): Promise<Result<Document<TasksDocument>>> {
  const { builtin } = await import("../generated/builtin-recipe.js");
  const document = fromPrecompiled(source, builtin);
  return document === undefined ? parseRecipe(source) : ok(document);
}
