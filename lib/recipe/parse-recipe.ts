import type { Document, SourceFile } from "../document/document.js";
import { fromPrecompiled } from "../document/precompiled.js";
import type { TasksDocument } from "../generated/tasks.js";
import { ok, type Result } from "../failure/result.js";

/** One recipe file by itself. YAML and its validator are loaded here, by the first file that needs them. */
export async function parseRecipe(source: SourceFile): Promise<Result<Document<TasksDocument>>> {
  const [{ parseDocument }, { tasksSchema }] = await Promise.all([
    import("../document/parse-yaml.js"),
    import("./tasks-schema.js"),
  ]);
  return parseDocument(source, tasksSchema);
}

/** The built-in recipe, which the build has read ahead; read anew when its text is not the one of the build. */
export async function parseBuiltin(source: SourceFile): Promise<Result<Document<TasksDocument>>> {
  const { builtin } = await import("../generated/builtin-recipe.js");
  const document = fromPrecompiled(source, builtin);
  return document === undefined ? parseRecipe(source) : ok(document);
}
